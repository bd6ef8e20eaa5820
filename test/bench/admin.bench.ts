/**
 * The queries of each page of the dashboard, over HTTP, with a million events of 28 days and ten thousand tenants of uneven size in
 * PostgreSQL. Prints the median time of all queries of a page asked at once, as the page asks them.
 */
import { createServer } from 'node:http';
import { admin } from '@tollgate/admin';
import { checkDailyUsage, database, ledger, registry } from '@tollgate/postgres';
import { startPostgres } from '@tollgate/testkit';
import express from 'express';
import pg from 'pg';
import { definePlans, memoryQuota, memorySwitch } from 'tollgate';
import { median } from './harness/statistics.js';

const events = Number(process.env.BENCH_EVENTS ?? 1_000_000);
const tenants = Number(process.env.BENCH_TENANTS ?? 10_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const dayMs = 86_400_000;
const nowMs = Date.now();
const iso = (ms: number): string => encodeURIComponent(new Date(ms).toISOString());

const top = (prefix: string, digits: number, many: number): string =>
  encodeURIComponent(
    JSON.stringify(Array.from({ length: many }, (_, index) => prefix + String(index).padStart(digits, '0'))),
  );

const pages: Readonly<Record<string, readonly string[]>> = {
  now: [
    '/overview',
    '/caps?limit=6&forecast=true',
    `/movers?by=tenant,model&limit=5&from=${iso(nowMs - 7 * dayMs)}&to=${iso(nowMs)}`,
    '/incidents?limit=5',
    '/switch',
  ],
  limits: ['/caps?limit=25&forecast=true'],
  'usage by model': [
    '/usage?by=model&limit=200',
    `/usage?by=day,model&limit=10000&values=${top('model-', 1, 4)}`,
    '/usage?by=day&limit=1000',
    `/usage?by=model&limit=1000&from=${iso(nowMs - 60 * dayMs)}&to=${iso(nowMs - 30 * dayMs)}`,
  ],
  'usage by tenant': [
    '/usage?by=tenant&limit=200',
    `/usage?by=day,tenant&limit=10000&values=${top('tenant-', 5, 10)}`,
    '/usage?by=day&limit=1000',
    `/usage?by=tenant&limit=1000&from=${iso(nowMs - 60 * dayMs)}&to=${iso(nowMs - 30 * dayMs)}`,
  ],
  'usage of a tenant by user': [
    '/usage?tenant=tenant-00001&by=user&limit=200',
    `/usage?tenant=tenant-00001&by=day,user&limit=10000&values=${top('user-', 1, 1)}`,
    '/usage?tenant=tenant-00001&by=day&limit=1000',
  ],
  money: [
    `/bills?month=${new Date(nowMs).toISOString().slice(0, 7)}`,
    '/outcomes?outcome=resolved&by=feature',
    '/unresolved?limit=50',
    '/reconciliation?limit=5',
  ],
  savings: ['/advice'],
  attempts: ['/attempts?limit=50'],
  'attempts of a tenant': ['/attempts?limit=50&tenant=tenant-09999'],
  tenants: ['/tenants?limit=50', '/tenants?limit=50&search=er%2099'],
  keys: ['/keys?limit=25', '/keys?limit=25&search=0099'],
  audit: ['/audit?limit=50'],
};

const server = await startPostgres();
const shared = database({ connectionString: server.url });
await shared.ready();
const books = ledger({ database: shared });
const people = registry({ database: shared });
const client = new pg.Client(server.url);
await client.connect();
await client.query(`
  insert into tollgate.tenants (tenant, name, created_at)
  select 'tenant-' || lpad(n::text, 5, '0'), 'Customer ' || n, now() from generate_series(0, ${tenants - 1}) as n`);
await client.query(`
  insert into tollgate.api_keys (key_id, tenant, plan, scopes, labels, secrets, created_at)
  select 'key' || lpad(n::text, 8, '0'), 'tenant-' || lpad(n::text, 5, '0'), 'pro', '[]', '{}', '[]', now() + n * interval '1 ms'
  from generate_series(0, ${tenants - 1}) as n`);
// One event makes the partitions of its month; the rest is made by the server, most of it by a few tenants.
for (let day = 0; day < 28; day += 1) await books.write(await firstEvent(nowMs - day * dayMs));
await books.flush();
await client.query(`
  insert into tollgate.usage_events (event_id, kind, at, admitted_at, settled_at, request_id, call_id, attempt, tenant, team, user_id, key_id, plan,
    route, labels, provider, requested_model, model, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
    cost_nano_usd, price_version, source, uncertain, overrun, charges, status, outcome, stream, latency_ms)
  select (lpad(to_hex(ms / 65536), 8, '0') || '-' || lpad(to_hex(ms % 65536), 4, '0') || '-7' || substr(md5(n::text), 1, 3) || '-8' || substr(md5(n::text), 4, 3)
      || '-' || substr(md5(n::text), 7, 12))::uuid,
    'usage', moment, moment, moment, 'request-' || n, 'call-' || n, 1, 'tenant-' || lpad(who::text, 5, '0'), 'team-' || who % 3, 'user-' || who % 50,
    'key' || lpad(who::text, 8, '0'), 'pro', '/v1/chat/completions', jsonb_build_object('feature', 'feature-' || n % 4), 'openai', 'gpt-5', 'model-' || n % 4,
    1000, 100, 0, 300, 0, 125000 + n % 1000, 'v1', 'provider', false, false, '[]', 200, 'ok', false, 800
  from (
    select n, ms, to_timestamp(ms / 1000.0) as moment, floor(${tenants} * power(random(), 3))::int as who
    from (select n, (${nowMs} - floor(random() * ${27 * dayMs}))::bigint as ms from generate_series(1, ${events}) as n) as times
  ) as made
  order by ms`); // as they arrive
const { rows: spent } = await client.query(`
  insert into tollgate.window_spend (counter, window_id, amount, touched_at)
  select 'usd/month/tenant=' || tenant || '/key=' || key_id, to_char(at at time zone 'UTC', 'YYYY-MM'), sum(cost_nano_usd), max(at)
  from tollgate.usage_events where tenant like 'tenant-%' group by 1, 2 on conflict do nothing returning 1`);
await client.query(`
  insert into tollgate.callers (slot, tenant, team, user_id, key_id, plan, last_at)
  select distinct on (1) md5(jsonb_build_array(tenant, team, user_id, key_id)::text)::uuid, tenant, team, user_id, key_id, plan, at
  from tollgate.usage_events order by 1, at desc on conflict do nothing`);
await checkDailyUsage(shared, { repair: true, now: () => nowMs });
await client.query('vacuum analyze');
const { rows: days } = await client.query('select count(*) as count from tollgate.daily_usage');
console.log(`${events} events, ${tenants} tenants, ${days[0].count} sums of days, ${spent.length} windows`);

const app = express();
const router = admin({
  tg: {
    plans: definePlans({ pro: { spend: '$50/month', tokens: '20M/month' } }),
    ...{ store: memoryQuota(), ledger: books, registry: people, switch: memorySwitch() },
    ...{ isReady: true, inFlight: 0, unverified: 0, fromGrace: 0 },
  },
  authorize: () => ({ name: 'bench', role: 'operator' }),
});
app.use('/admin', router);
const listening = createServer(app).listen(0, '127.0.0.1');
await new Promise((resolve) => listening.once('listening', resolve));
const address = listening.address();
const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/admin`;

async function ask(path: string): Promise<number> {
  const before = performance.now();
  const answer = await fetch(url + path);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${text.slice(0, 200)}`);
  return performance.now() - before;
}

for (const [name, paths] of Object.entries(pages)) {
  const all: number[] = [];
  const each = paths.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    const before = performance.now();
    await Promise.all(paths.map(async (path, index) => each[index]?.push(await ask(path))));
    all.push(performance.now() - before);
  }
  const parts = paths.map((path, index) => `${path.slice(0, 40)} ${median(each[index] ?? []).toFixed(0)}`);
  console.log(`| ${name} | ${median(all).toFixed(0)} ms | ${parts.join('; ')} |`);
}
router.close();
listening.close();
listening.closeAllConnections();
await client.end();
await books.close();
await shared.end();
const waiting = setInterval(() => undefined, 1_000); // nothing else keeps this process alive until the server has stopped
await server.stop();
clearInterval(waiting);

async function firstEvent(atMs: number) {
  const { ledgerEvent } = await import('../ledger-event.js');
  return { ...ledgerEvent('first', atMs, 1, 1n), charges: [] };
}
