/**
 * The ledger on PostgreSQL: events that it takes a second, as a process's settlements come; how its size and the time of reports grow from
 * ten thousand to a million events of one month. Prints medians; the rows in between are made by the server itself.
 */
import type { UsageEvent } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { checkDailyUsage, database, ledger } from '@tollgate/postgres';
import { reports, type UsageQuery } from '@tollgate/reports';
import { startPostgres } from '@tollgate/testkit';
import pg from 'pg';
import { median } from './harness/statistics.js';

const sizes = (process.env.BENCH_EVENTS ?? '10000,100000,1000000').split(',').map(Number);
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const eventsEachRound = 10_000;
const monthMs = 31 * 86_400_000;
const start = Date.UTC(2026, 9, 1);
/** What only events know, so that they are read. */
const everyKey = Array.from({ length: 500 }, (_, index) => `key-${index}`);
const month = { from: new Date(start), to: new Date(start + monthMs) };

/** 100 tenants, 5 models, 5 features, 1 000 users. */
function eventOf(index: number, atMs: number): UsageEvent {
  const time = new Date(atMs).toISOString();
  const tenant = `tenant-${index % 100}`;
  return {
    ...{ eventId: newId(atMs), kind: 'usage', requestId: newId(atMs), callId: newId(atMs), attempt: 1 },
    ...{ admittedAt: time, time, tenant, team: `team-${index % 2}`, user: `user-${index % 1_000}` },
    ...{ keyId: `key-${index % 500}`, plan: 'pro', route: '/v1/chat/completions' },
    ...{
      labels: { feature: `feature-${((index / 500) % 5) | 0}` },
      provider: 'openai',
      requestedModel: 'gpt-5',
    },
    ...{
      model: `model-${((index / 100) % 5) | 0}`,
      inputTokens: 1_000,
      cachedInputTokens: 10,
      cacheWriteTokens: 0,
    },
    ...{ outputTokens: 300, reasoningTokens: 0, costNanoUsd: String(125_000 + (index % 77)) },
    ...{ priceVersion: 'genai-prices@0.1.8', source: 'provider', uncertain: false, overrun: false },
    charges: [
      { counter: `usd/month/tenant=${tenant}`, window: '2026-10', amount: 125_000 },
      { counter: `tokens/day/tenant=${tenant}`, window: time.slice(0, 10), amount: 1_300 },
    ],
    ...{ status: 200, outcome: 'ok', stream: false, latencyMs: 812 },
  };
}

const server = await startPostgres();
const shared = database({ connectionString: server.url });
const books = ledger({ database: shared });
const client = new pg.Client(server.url);
await shared.ready();
await client.connect();
let made = 0;

/** Events all over the month, as old ones are. */
const spread = (index: number): UsageEvent => eventOf(index, start + ((index * 2_654_435_761) % monthMs));
/** Events of this hour, as new ones are. */
const recent = (index: number): UsageEvent =>
  eventOf(index, start + monthMs - 3_600_000 + (index % 3_600_000));

/** Events a second, as many as are written while others are: each waits for its answer. */
async function insertsPerSecond(make: (index: number) => UsageEvent): Promise<number> {
  const events = Array.from({ length: eventsEachRound }, (_, index) => make(made + index));
  made += eventsEachRound;
  const before = performance.now();
  await Promise.all(events.map((event) => books.write(event)));
  return (eventsEachRound / (performance.now() - before)) * 1_000;
}

/** Copies what there is under other ids until there are so many; sums of days follow. */
async function growTo(count: number): Promise<void> {
  const { rows } = await client.query(
    `select string_agg(quote_ident(attname), ', ') as names from pg_attribute
     where attrelid = 'tollgate.usage_events'::regclass and attnum > 0 and attgenerated = '' and attname not in ('event_id', 'request_id')`,
  );
  await client.query(`
    insert into tollgate.usage_events (event_id, request_id, ${rows[0].names})
    select (left(event_id::text, 14) || '7' || substr(md5(random()::text), 1, 3) || '-8' || substr(md5(random()::text), 1, 3) || '-' ||
      substr(md5(random()::text), 1, 12))::uuid, gen_random_uuid()::text, ${rows[0].names}
    from tollgate.usage_events, generate_series(1, ${Math.ceil(count / made)}) limit ${count - made}`);
  made = count;
  await checkDailyUsage(shared, { repair: true, now: () => start + monthMs });
  await client.query('vacuum analyze tollgate.usage_events');
}

async function reportMs(query: Partial<UsageQuery>): Promise<string> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = performance.now();
    const rows = await reports({ database: shared }).usage({ ...month, ...query });
    times.push(performance.now() - before);
    if (rows.length === 0) throw new Error('the report is empty');
  }
  return `${median(times).toFixed(0)} ms`;
}

await insertsPerSecond(spread);
for (const size of sizes) {
  if (size > made) await growTo(size);
  const { rows } = await client.query(`
    select sum(pg_total_relation_size(relid)) / ${made} as bytes, (select count(*) from tollgate.daily_usage) as sums
    from pg_partition_tree('tollgate.usage_events') where isleaf`);
  const figures = [
    `${Number(rows[0].bytes).toFixed(0)} bytes an event, ${rows[0].sums} sums of days`,
    `by tenant and model ${await reportMs({ by: ['tenant', 'model'] })}`,
    `the same from the events ${await reportMs({ by: ['tenant', 'model'], where: { key: everyKey } })}`,
    `one tenant by user ${await reportMs({ by: ['user'], where: { tenant: 'tenant-7' } })}`,
  ];
  const speeds: number[] = [];
  for (let round = 0; round < rounds; round += 1) speeds.push(await insertsPerSecond(recent));
  figures.push(`${median(speeds).toFixed(0)} inserts/s (least ${Math.min(...speeds).toFixed(0)})`);
  console.log(`ledger, ${size} events: ${figures.join('; ')}`);
}
await client.end();
await shared.end();
await server.stop();
