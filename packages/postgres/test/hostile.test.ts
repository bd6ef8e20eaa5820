import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { queried, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import { database, type Ledger, ledger, type Registry, registry } from '../src/index.js';

/** What nobody expects in a name, and how the ledger keeps it: as it is where nothing else is said. */
const texts: readonly (readonly [name: string, text: string, kept?: string])[] = [
  ['quotes', `"'\`\\"''`],
  ['an SQL injection', `'); drop table tollgate.usage_events; --`],
  ['another', `$$; delete from tollgate.window_spend where '1'='1`],
  ['NUL', 'a\0b', 'a\uFFFDb'],
  ['what looks like an escaped NUL', '\\u0000'],
  ['a formula', '=cmd|"/c calc"!A1'],
  ['emoji', '🤑👩‍👩‍👧'],
  ['half of a surrogate pair', 'x\ud800y\udc00', 'x\uFFFDy\uFFFD'],
  ['text that turns the direction', '\u202Etxt.exe'],
  ['control characters', '\u001b[2J\u0007\r\n\t'],
  ['an empty text', ''],
  ['braces and arrays of SQL', '{"a",NULL,\\}'],
  ['the name of a prototype', '__proto__'],
  ['10 kB', 'x'.repeat(10_240), 'cut'],
  ['10 kB that nothing compresses', randomBytes(5_120).toString('hex'), 'cut'],
];

/** Every field of an event that is a text, and its column. */
const fields = {
  requestId: 'request_id',
  callId: 'call_id',
  tenant: 'tenant',
  team: 'team',
  user: 'user_id',
  keyId: 'key_id',
  plan: 'plan',
  route: 'route',
  provider: 'provider',
  requestedModel: 'requested_model',
  model: 'model',
  tier: 'tier',
  priceVersion: 'price_version',
  source: 'source',
  outcome: 'outcome',
} as const;

/** What no row can hold. */
const endless: Record<string, unknown> = {};
endless.labels = endless;

const impossible: readonly (readonly [name: string, facts: Record<string, unknown>])[] = [
  ['an id that is SQL', { eventId: `'; drop table tollgate.usage_events; --` }],
  ['a cost that is SQL', { costNanoUsd: '1); --' }],
  ['a cost beyond 64 bits', { costNanoUsd: '9'.repeat(30) }],
  ['a cost with a fraction', { costNanoUsd: '1.5' }],
  ['tokens without end', { inputTokens: Number.POSITIVE_INFINITY }],
  ['tokens that are none', { outputTokens: Number.NaN }],
  ['tokens beyond 64 bits', { inputTokens: 1e300 }],
  ['a status that is SQL', { status: '1; select 1' }],
  ['a time that is none', { time: 'soon"' }],
  ['a time beyond all calendars', { admittedAt: '999999-01-01T00:00:00Z' }],
  ['a flag that is none', { stream: 'maybe' }],
  ['charges that are none', { charges: 'all' }],
  ['a charge without a counter', { charges: [{ window: '2026-10', amount: 1 }] }],
  ['a charge that is no number', { charges: [{ counter: 'a', window: 'b', amount: '1; --' }] }],
  [
    'a counter that no index holds',
    { charges: [{ counter: randomBytes(9_000).toString('base64'), window: 'b', amount: 1 }] },
  ],
  ['no tenant', { tenant: null }],
  ['labels that hold themselves', { labels: endless }],
];

describe.each(queried)('hostile input on $name', ({ start }) => {
  let server: TestDatabase;
  let books: Ledger;
  let known: Registry;

  beforeAll(async () => {
    server = await start();
    books = ledger({ database: database(server.options) });
    known = registry({ database: books.database, actor: 'test' });
  }, 150_000);
  afterAll(async () => {
    await known.close();
    await books.database.end();
    await server.end();
  }, 90_000);

  const rowsOf = (requestId: string) =>
    books.database.query.selectFrom('usage_events').selectAll().where('request_id', '=', requestId).execute();

  it.each(texts)(
    '%s in every field and label of an event is kept, or marked where it cannot be',
    async (_, text, kept = text) => {
      const written = Object.keys(fields).map((field) => usageEvent({ labels: { field }, [field]: text }));
      const inLabels = usageEvent({
        labels: { feature: text, [text]: text },
        charges: [{ counter: `usd/day/${text.slice(0, 90)}`, window: text.slice(0, 90), amount: 1 }],
      });
      await Promise.all([...written, inLabels].map((event) => books.write(event)));
      const rows = await books.database.query
        .selectFrom('usage_events')
        .selectAll()
        .where(
          'event_id',
          'in',
          written.map(({ eventId }) => eventId),
        )
        .execute();
      expect(rows).toHaveLength(written.length);
      for (const row of rows) {
        const value = row[fields[row.labels.field as keyof typeof fields]];
        if (kept === 'cut') expect(value).toMatch(new RegExp(`^${text.slice(0, 600)}…sha256-[\\w-]{43}$`));
        else expect(value).toBe(kept);
      }
      const [labelled] = await rowsOf(inLabels.requestId);
      const whole = kept === 'cut' ? text : kept;
      expect([labelled?.feature, labelled?.labels[whole]]).toEqual([whole, whole]);
    },
  );

  it.each(impossible)('%s is refused alone: the events beside it are written', async (_, facts) => {
    const [before, after] = [usageEvent(), usageEvent()];
    const bad = { ...usageEvent(), ...facts } as UsageEvent;
    const outcomes = await Promise.allSettled([before, bad, after].map((event) => books.write(event)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect([await rowsOf(before.requestId), await rowsOf(after.requestId)].flat()).toHaveLength(2);
  });

  it.each(texts.filter(([, text, kept = text]) => kept === text && /^[^\p{Cc}]+$/u.test(text)))(
    '%s in every name of the registry is kept as it is',
    async (_, text) => {
      const facts = {
        tenant: text,
        team: text,
        user: text,
        plan: text,
        models: [text],
        labels: { [text]: text },
      };
      const { keyId } = await known.keys.create({ ...facts, name: text });
      expect(await known.keys.find(keyId)).toMatchObject(facts);
      await known.tenants.create(text, { name: text, teams: [text] });
      await known.overrides.set({ tenant: text, team: text, kind: 'spend', limit: '$5/day' });
      expect(await known.overrides.find(text)).toMatchObject([{ tenant: text, team: text }]);
      expect((await known.audit({ tenant: text })).length).toBeGreaterThan(1);
    },
  );

  it.each(texts.filter(([, text, kept = text]) => kept !== text || text === '' || /\p{Cc}/u.test(text)))(
    '%s in a name of the registry is refused, and says which one, shortly',
    async (_, text) => {
      const shortly = (name: string) =>
        expect.objectContaining({ message: expect.stringMatching(new RegExp(`"${name}"[^]{0,120}$`)) });
      for (const name of ['tenant', 'team', 'user', 'plan'] as const) {
        await expect(known.keys.create({ tenant: 'a', plan: 'b', [name]: text })).rejects.toEqual(
          shortly(name),
        );
      }
      await expect(known.tenants.create(text)).rejects.toEqual(shortly('tenant'));
      await expect(known.tenants.create('a', { teams: [text] })).rejects.toEqual(shortly('team'));
      await expect(known.overrides.set({ tenant: text, kind: 'spend', limit: '$5/day' })).rejects.toEqual(
        shortly('tenant'),
      );
      expect(() => known.as(text)).toThrow('"actor"');
      expect(await known.keys.find(text)).toBeUndefined();
      expect(await known.overrides.find(text)).toEqual([]);
      expect(await known.audit({ tenant: text })).toEqual([]);
      await expect(known.keys.revoke(text)).rejects.toThrow('there is no such key');
      await expect(known.tenants.disable(text)).rejects.toThrow('there is no such tenant');
    },
  );

  it('passes a spool without holding up what comes after it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tollgate-hostile-'));
    const spooled = ledger({ database: books.database, spool: directory });
    const bad = impossible.map(([, facts]) => ({ ...usageEvent(), ...facts }) as UsageEvent);
    const last = usageEvent();
    for (const event of [...bad, last]) spooled.write(event);
    // close() waits a few seconds at most, which a busy machine may need more of.
    while ((await rowsOf(last.requestId)).length === 0) await delay(20);
    await spooled.close();
    expect(await rowsOf(last.requestId)).toHaveLength(1);
    const refused = readFileSync(join(directory, 'refused.jsonl'), 'utf8').trimEnd().split('\n');
    // The last is no JSON: it is counted, and nowhere.
    expect(refused.map((line) => JSON.parse(line).requestId).sort()).toEqual(
      bad
        .slice(0, -1)
        .map(({ requestId }) => requestId)
        .sort(),
    );
    expect(spooled.droppedCount).toBe(1);
    rmSync(directory, { recursive: true });
  }, 90_000);
});
