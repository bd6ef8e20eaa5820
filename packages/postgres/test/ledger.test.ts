import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { adjustmentEvent, newId } from '@tollgate/core/internal';
import { databases, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import { sql } from 'kysely';
import { database, type Ledger, ledger } from '../src/index.js';

describe.each(databases)('the ledger on $name', ({ start }) => {
  let server: TestDatabase;
  let books: Ledger;

  beforeAll(async () => {
    server = await start();
    books = ledger({ database: database(server.options) });
    await books.database.ready();
  }, 150_000);

  afterAll(async () => {
    await books.close();
    await books.database.end();
    await server.end();
  }, 90_000);

  const rowsOf = (tenant: string) =>
    books.database.query.selectFrom('usage_events').selectAll().where('tenant', '=', tenant).execute();
  const spent = async (counter: string) =>
    (
      await books.database.query
        .selectFrom('window_spend')
        .select(['window_id', 'amount'])
        .where('counter', '=', counter)
        .execute()
    ).map(({ window_id, amount }) => [window_id, String(amount)]);

  it('keeps every field of an event', async () => {
    const event = usageEvent({
      tenant: 'fields',
      team: 'data',
      user: 'u1',
      keyId: 'k1',
      route: '/v1/summarize',
      labels: { feature: 'summarize', job: 'nightly run' },
      tier: 'flex',
      reasoningTokens: 7,
      timeToFirstTokenMs: 90,
      costNanoUsd: '9007199254740993',
    });
    await books.write({ ...event, servedBy: 'a later version' } as typeof event);
    const [row] = await rowsOf('fields');
    expect(row).toMatchObject({
      event_id: event.eventId,
      kind: 'usage',
      adjusts: null,
      at: new Date(Date.UTC(2026, 9, 15, 12)),
      admitted_at: new Date(event.admittedAt),
      settled_at: new Date(event.time),
      request_id: event.requestId,
      call_id: event.callId,
      team: 'data',
      user_id: 'u1',
      key_id: 'k1',
      route: '/v1/summarize',
      labels: event.labels,
      feature: 'summarize',
      tier: 'flex',
      cost_nano_usd: '9007199254740993',
      input_tokens: '100',
      reasoning_tokens: '7',
      charges: event.charges,
      latency_ms: '812',
      time_to_first_token_ms: '90',
      more: { servedBy: 'a later version' },
    });
  });

  it('writes an event once, and what it charged once, however often it is given', async () => {
    const charges = [{ counter: 'usd/day/tenant=once', window: '2026-10-15', amount: 5 }];
    const events = Array.from({ length: 40 }, () => usageEvent({ tenant: 'once', charges }));
    await Promise.all([...events, ...events].map((event) => books.write(event)));
    await Promise.all(events.map((event) => books.write(event)));
    expect(await rowsOf('once')).toHaveLength(40);
    expect(await spent('usd/day/tenant=once')).toEqual([['2026-10-15', '200']]);
  });

  it('holds a correction as a signed row of its own, in the month of what it corrects', async () => {
    const charge = (amount: number) => [{ counter: 'usd/day/tenant=signed', window: '2026-10-31', amount }];
    const lastOfMonth = Date.UTC(2026, 9, 31, 23, 59, 59, 999);
    const written = usageEvent(
      { tenant: 'signed', costNanoUsd: '500', uncertain: true, charges: charge(500) },
      lastOfMonth,
    );
    const truth = { ...written, costNanoUsd: '420', uncertain: false, time: '2026-11-01T00:00:09.000Z' };
    await books.write(written);
    await books.write(adjustmentEvent(written, truth, charge(-80)));
    await books.write(adjustmentEvent(written, truth, charge(-80)));
    const rows = await rowsOf('signed');
    expect(rows.map(({ kind, cost_nano_usd, adjusts }) => [kind, cost_nano_usd, adjusts]).sort()).toEqual([
      ['adjustment', '-80', written.eventId],
      ['usage', '500', null],
    ]);
    expect(rows.map(({ at }) => at.getTime())).toEqual([lastOfMonth, lastOfMonth]);
    expect(await spent('usd/day/tenant=signed')).toEqual([['2026-10-31', '420']]);
  });

  it('keeps hostile names and labels, or says that they were cut', async () => {
    const hostile = `"'; drop table usage_events; -- \0 🤑 \ud800 =cmd() \\u0000 ${'x'.repeat(10_000)}`;
    const event = usageEvent({
      tenant: 'hostile',
      team: hostile,
      user: hostile,
      keyId: hostile,
      route: hostile,
      model: hostile,
      plan: hostile,
      labels: { [hostile.slice(0, 40)]: hostile, feature: '=cmd()' },
      charges: [{ counter: `usd/day/${hostile.slice(0, 60)}`, window: "'; --", amount: 1 }],
    });
    await books.write(event);
    const [row] = await rowsOf('hostile');
    const stored = hostile.replaceAll('\0', '\uFFFD').replaceAll('\ud800', '\uFFFD');
    expect(row?.team).toMatch(
      /^"'; drop table usage_events; -- \uFFFD 🤑 \uFFFD =cmd\(\) \\u0000 x+…sha256-/,
    );
    expect([row?.user_id, row?.key_id, row?.route, row?.model, row?.plan]).toEqual(Array(5).fill(row?.team));
    expect(row?.labels).toEqual({ [stored.slice(0, 40)]: stored, feature: '=cmd()' });
  });

  it('refuses an event that is none, and writes those beside it', async () => {
    const [good, other] = [usageEvent({ tenant: 'beside' }), usageEvent({ tenant: 'beside' })];
    const outcomes = await Promise.allSettled([
      books.write(good),
      books.write(usageEvent({ tenant: 'beside', eventId: 'not-an-id' })),
      books.write(usageEvent({ tenant: 'beside', costNanoUsd: '99999999999999999999' })),
      books.write(other),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(await rowsOf('beside')).toHaveLength(2);
  });

  it('keeps months in tables of their own, and drops the old ones', async () => {
    const months = [0, 1, 2].map((month) => Date.UTC(2024, month, 1));
    for (const month of months) await books.write(usageEvent({ tenant: 'old' }, month));
    expect(await books.dropMonthsBefore('2024-03')).toEqual(['2024-01', '2024-02']);
    expect(await rowsOf('old')).toHaveLength(1);
    await books.write(usageEvent({ tenant: 'old' }, months[0]));
    expect(await rowsOf('old')).toHaveLength(2);
    await expect(books.dropMonthsBefore('soon')).rejects.toThrow('a month such as "2026-01"');
  });

  it('reads only the months that are asked for', async () => {
    const { rows } = await sql<{ 'QUERY PLAN': string }>`
      explain select count(*) from tollgate.usage_events
      where event_id >= ${newId(Date.UTC(2026, 9, 2))} and event_id < ${newId(Date.UTC(2026, 9, 20))}`.execute(
      books.database.query,
    );
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('usage_events_2026_10');
    expect(plan).not.toContain('2024');
  });
});

describe('options of the ledger', () => {
  it.each([
    [{}, 'exactly one of "pool", "connectionString" and "directory" is required'],
    [{ directory: 'a', connectionString: 'postgres://x' }, 'exactly one of'],
    [{ connectionString: 'mysql://me:secret@host' }, 'must be a postgres:// URL, received another text'],
    [{ directory: 'a', schema: 'x; drop' }, '"schema" must be a name of lower case letters'],
    [{ directroy: 'a' }, 'unknown option "directroy" (did you mean "directory"?)'],
    [{ database: {} }, '"database" must be an object with ready(), end()'],
  ])('%j is refused at start', (options, message) => {
    expect(() => ledger(options as never)).toThrow(message);
    try {
      ledger(options as never);
    } catch (error) {
      expect(String(error)).not.toContain('secret');
    }
  });
});
