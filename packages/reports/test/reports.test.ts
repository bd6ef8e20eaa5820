import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { adjustmentEvent, newId } from '@tollgate/core/internal';
import { database, type Ledger, ledger } from '@tollgate/postgres';
import { queried, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import { sql } from 'kysely';
import { type Reports, reports } from '../src/index.js';

const models = ['gpt-5', 'gpt-5-mini', 'claude-haiku-4-5', 'gemini-2.5-flash', "o'model"];
const october = { from: '2026-10-01T00:00:00Z', to: '2026-11-01T00:00:00Z' };

/** Three tenants, four teams, five models, over September and October, with corrections; the same at every run. */
function history(): UsageEvent[] {
  const events: UsageEvent[] = [];
  for (let index = 0; index < 600; index += 1) {
    const atMs = Date.UTC(2026, 8, 1) + index * 8_700_000 - (index % 7) * 1_000;
    const event = usageEvent(
      {
        tenant: ['acme', 'globex', 'initech'][index % 3] ?? '',
        team: ['data', 'support', 'content', undefined][index % 4],
        plan: index % 3 === 0 ? 'pro' : 'free',
        model: models[index % 5] ?? '',
        attempt: index % 10 === 0 ? 2 : 1,
        labels: index % 2 === 0 ? { feature: 'summaries', cost_centre: `cc-${index % 4}` } : {},
        inputTokens: 1_000 + index,
        cachedInputTokens: index % 5 === 0 ? 500 : 0,
        outputTokens: index,
        costNanoUsd: String(1_000_003 * (index + 1)),
        source: index % 6 === 0 ? 'estimated' : 'provider',
        uncertain: index % 50 === 0,
      },
      atMs,
    );
    events.push(event);
    if (!event.uncertain) continue;
    const truth = { ...event, costNanoUsd: String(BigInt(event.costNanoUsd) - 17n), uncertain: false };
    events.push(adjustmentEvent(event, truth, []));
  }
  return events;
}

const events = history();
const timeOf = (event: UsageEvent): number =>
  Number.parseInt(event.eventId.replace('-', '').slice(0, 12), 16);
const isIn =
  ({ from, to }: { from: string; to: string }) =>
  (event: UsageEvent): boolean =>
    timeOf(event) >= Date.parse(from) && timeOf(event) < Date.parse(to);

/** The sums as plain code makes them. */
function summed(chosen: readonly UsageEvent[], keyOf: (event: UsageEvent) => string): Record<string, string> {
  const sums = new Map<string, bigint>();
  for (const event of chosen) {
    sums.set(keyOf(event), (sums.get(keyOf(event)) ?? 0n) + BigInt(event.costNanoUsd));
  }
  return Object.fromEntries([...sums].map(([key, sum]) => [key, String(sum)]));
}

describe.each(queried)('reports on $name', ({ start }) => {
  let server: TestDatabase;
  let books: Ledger;
  let told: Reports;

  beforeAll(async () => {
    server = await start();
    books = ledger({ database: database(server.options) });
    told = reports({
      database: books.database,
      prices: {
        pro: {
          markupPercent: 25,
          feeNanoUsd: 49_000_000_000n,
          includedNanoUsd: 20_000_000_000n,
          overageMarkupPercent: 50,
        },
      },
    });
    await Promise.all(events.map((event) => books.write(event)));
  }, 90_000);

  afterAll(async () => {
    await books.database.end();
    await server.end();
  }, 90_000);

  it('answer "what did the summaries of team Data cost tenant Acme in October, by model", to the nano-dollar', async () => {
    const rows = await told.usage({
      ...october,
      by: ['model'],
      where: { tenant: 'acme', team: 'data', feature: 'summaries' },
    });
    const chosen = events
      .filter(isIn(october))
      .filter(
        ({ tenant, team, labels }) => tenant === 'acme' && team === 'data' && labels.feature === 'summaries',
      );
    expect(Object.fromEntries(rows.map(({ by, costNanoUsd }) => [by.model, costNanoUsd]))).toEqual(
      summed(chosen, ({ model }) => model),
    );
    expect(rows.length).toBe(5);
    expect(rows.map(({ costNanoUsd }) => Number(costNanoUsd))).toEqual(
      rows.map(({ costNanoUsd }) => Number(costNanoUsd)).sort((a, b) => b - a),
    );
  });

  it('sum everything into one row when nothing is told apart, corrections counted in', async () => {
    const [row] = await told.usage(october);
    const chosen = events.filter(isIn(october));
    const usage = chosen.filter(({ kind }) => kind === 'usage');
    expect(row).toMatchObject({
      by: {},
      attempts: usage.length,
      calls: usage.filter(({ attempt }) => attempt === 1).length,
      costNanoUsd: summed(chosen, () => 'all').all,
      outputTokens: chosen.reduce((sum, { outputTokens }) => sum + outputTokens, 0),
    });
    expect(BigInt(row?.unconfirmedNanoUsd ?? 0)).toBeLessThan(BigInt(row?.costNanoUsd ?? 0));
  });

  it('count days, weeks and months in a time zone, also where clocks change', async () => {
    const timeZone = 'Europe/Berlin';
    const range = { from: '2026-10-20T00:00:00Z', to: '2026-10-30T00:00:00Z' };
    const rows = await told.usage({ ...range, by: ['day', 'tenant'], timeZone });
    const dayOf = new Intl.DateTimeFormat('sv', { timeZone });
    expect(
      Object.fromEntries(rows.map(({ by, costNanoUsd }) => [`${by.day} ${by.tenant}`, costNanoUsd])),
    ).toEqual(
      summed(events.filter(isIn(range)), (event) => `${dayOf.format(timeOf(event))} ${event.tenant}`),
    );
    expect(rows.map(({ by }) => by.day)).toEqual(rows.map(({ by }) => by.day).sort());
    const weeks = await told.usage({ ...october, by: ['week'] });
    expect(weeks.map(({ by }) => by.week)).toEqual([
      '2026-09-28',
      '2026-10-05',
      '2026-10-12',
      '2026-10-19',
      '2026-10-26',
    ]);
  });

  it('tell apart by any label, and where there is none', async () => {
    const rows = await told.usage({ ...october, by: ['label:cost_centre'], where: { team: ['data', null] } });
    const chosen = events.filter(isIn(october)).filter(({ team }) => team === 'data' || team === undefined);
    expect(
      Object.fromEntries(rows.map(({ by, costNanoUsd }) => [String(by['label:cost_centre']), costNanoUsd])),
    ).toEqual(summed(chosen, ({ labels }) => labels.cost_centre ?? 'null'));
  });

  it('show what has changed most against the period before', async () => {
    const range = { from: '2026-10-01T00:00:00Z', to: '2026-10-15T00:00:00Z' };
    const before = { from: '2026-09-17T00:00:00Z', to: range.from };
    const [first, ...others] = await told.topMovers({ ...range, by: ['model'], limit: 3 });
    const [now, then] = [range, before].map((one) => summed(events.filter(isIn(one)), ({ model }) => model));
    const model = String(first?.by.model);
    expect(first).toEqual({
      by: { model },
      costNanoUsd: now?.[model],
      previousNanoUsd: then?.[model],
      changeNanoUsd: String(BigInt(now?.[model] ?? 0) - BigInt(then?.[model] ?? 0)),
    });
    expect(others).toHaveLength(2);
  });

  it("bill a tenant's month: fee, what it includes, and what goes beyond at its own price", async () => {
    const lines = await told.bill('2026-10');
    const costs = summed(events.filter(isIn(october)), ({ tenant, plan }) => `${tenant} ${plan}`);
    const acme = BigInt(costs['acme pro'] ?? 0);
    const usagePrice = (acme * 125n + 99n) / 100n;
    const overage = ((acme * 125n - 20_000_000_000n * 100n) * 150n + 12_499n) / 12_500n;
    expect(lines.find(({ tenant }) => tenant === 'acme')).toEqual({
      tenant: 'acme',
      plan: 'pro',
      costNanoUsd: String(acme),
      usagePriceNanoUsd: String(usagePrice),
      includedNanoUsd: '20000000000',
      overageNanoUsd: String(overage),
      feeNanoUsd: '49000000000',
      billedNanoUsd: String(49_000_000_000n + overage),
      marginNanoUsd: String(49_000_000_000n + overage - acme),
    });
    expect(await told.bill('2026-10', { tenant: 'globex' })).toMatchObject([
      { tenant: 'globex', plan: 'free', billedNanoUsd: costs['globex free'], marginNanoUsd: '0' },
    ]);
  });

  it('tell what each resolved ticket has cost', async () => {
    const solved = events
      .filter(isIn(october))
      .filter(({ tenant, kind }) => tenant === 'acme' && kind === 'usage')
      .slice(0, 7);
    for (const { requestId } of [...solved, ...solved]) await told.recordOutcome(requestId, 'resolved');
    await told.recordOutcome(newId(), 'resolved');
    const rows = await told.costPerOutcome('resolved', { ...october, by: ['tenant'] });
    const cost = BigInt(summed(events.filter(isIn(october)), ({ tenant }) => tenant).acme ?? 0);
    expect(rows.find(({ by }) => by.tenant === 'acme')).toEqual({
      by: { tenant: 'acme' },
      outcomes: 7,
      costNanoUsd: String(cost),
      costPerOutcomeNanoUsd: String((cost + 6n) / 7n),
    });
    expect(rows.find(({ by }) => by.tenant === 'globex')).toMatchObject({
      outcomes: 0,
      costPerOutcomeNanoUsd: null,
    });
  });

  it('take hostile values for what they are: texts', async () => {
    const hostile = `'; drop table tollgate.usage_events; -- \0 " \\`;
    expect(
      await told.usage({ ...october, by: [`label:${hostile}`], where: { [`label:${hostile}`]: hostile } }),
    ).toEqual([]);
    expect(
      (await told.usage({ ...october, by: [`label:${hostile}`] })).map(({ by }) => Object.values(by)),
    ).toEqual([[null]]);
    expect(await told.usage({ ...october, by: ['model'], where: { model: "o'model" } })).toHaveLength(1);
  });

  it('are there for warehouse tools as views', async () => {
    const { rows } = await sql<{ cost: string }>`
      select sum(cost_nano_usd)::text as cost from tollgate.usage_by_day where day >= '2026-10-01' and day < '2026-11-01'`.execute(
      books.database.query,
    );
    expect(rows).toEqual([{ cost: summed(events.filter(isIn(october)), () => 'all').all }]);
    const usage = await sql<{
      usd: string;
    }>`select cost_usd::text as usd from tollgate.usage where kind = 'usage' order by event_id limit 1`.execute(
      books.database.query,
    );
    expect(Number(usage.rows[0]?.usd)).toBeCloseTo(Number(events[0]?.costNanoUsd) / 1e9, 9);
  });

  it.each([
    [{ ...october, by: ['tenants'] }, 'usage: "by" takes tenant, team'],
    [{ ...october, by: ['model', 'model'] }, 'names a dimension twice'],
    [{ ...october, form: 1 }, 'unknown field "form"'],
    [{ from: 'soon', to: 'later' }, '"from" must be a date or ISO 8601, received "soon"'],
    [{ from: october.to, to: october.from }, '"to" must be after "from"'],
    [{ ...october, timeZone: 'Mars' }, '"timeZone" must be an IANA time zone, received "Mars"'],
    [{ ...october, where: { day: 'x' } }, '"where" takes no day'],
  ])('refuse the query %j', async (query, message) => {
    await expect(told.usage(query as never)).rejects.toThrow(message);
  });

  it.each([
    "\"'`\\\"''",
    "'); drop table tollgate.usage_events; --",
    '🤑👩‍👩‍👧',
    '{"a",NULL,\\}',
    '',
    '__proto__',
    '%',
  ])('finds a feature of any text: %j', async (feature) => {
    const own = `hostile-${newId()}`;
    const atMs = Date.UTC(2026, 11, 15);
    await books.write(usageEvent({ tenant: own, labels: { feature } }, atMs));
    await books.write(usageEvent({ tenant: own, labels: { feature: `${feature}x` } }, atMs));
    const december = { from: '2026-12-01', to: '2027-01-01' };
    const query = { ...december, by: ['feature'], where: { tenant: own, feature } } as const;
    expect((await told.usage(query)).map(({ by }) => by.feature)).toEqual([feature]);
  });
});
