import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { counterOf, definePlans, formatUsd, spend } from '@tollgate/core';
import { type Database, database, ledger, type Registry, registry } from '@tollgate/postgres';
import { type Outbox, outbox, redisQuota } from '@tollgate/redis';
import { reports, simulate } from '@tollgate/reports';
import {
  type ReceivedRequest,
  type Script,
  type SimulatedProvider,
  simulateProvider,
} from '@tollgate/simulator';
import { type PostgresProcess, type RedisProcess, startPostgres, startRedis } from '@tollgate/testkit';
import { bundledProgram } from '@tollgate/testkit/bundled-program';
import pg from 'pg';
import { createClient } from 'redis';
import { seeded } from '../seeded.js';
import { ask } from './ledger-ask.js';
import { type Row, readRows } from './ledger-rows.js';
import { type LedgerProcessSettings, tenantLimit } from './ledger-settings.js';
import { invoiced, invoicedInput } from './provider-invoice.js';
import { replayedByHand } from './replayed-by-hand.js';

const asks = process.env.TOLLGATE_LONG === '1' ? 1_500 : 240;
const killedAt = asks / 2;
const attempt = 12;
const teams = [
  ['acme', 'data'],
  ['acme', 'support'],
  ['beta', 'core'],
  ['gamma', 'ops'],
] as const;
const tenants = ['acme', 'beta', 'gamma'];

const program = bundledProgram(import.meta.dirname, 'ledger-process');
const random = seeded(20_261_101);
const children: ChildProcess[] = [];
/** Of each reservation its ask, and what was granted of the tenant's money. */
const askOf = new Map<string, string>();
const grantedTo = new Map<string, bigint>();
/** Asks whose answer never ended. */
const unanswered: number[] = [];
/** Asks whose client left before the end. */
const left = new Set<string>();
/** Asks of the app that was killed: what it had not settled yet, also of answers that had just ended, is gone with it. */
const killed = new Set<string>();
let redis: RedisProcess;
let postgres: PostgresProcess;
let provider: SimulatedProvider;
let pool: pg.Pool;
let keys: string[];
let shared: Database;
let people: Registry;
let client: ReturnType<typeof createClient>;
let delivery: Outbox;
let rows: Row[];
let counted: Map<string, { used: number; held: number }>;

const choose = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
const askIn = ({ rawBody }: ReceivedRequest): string => /ask-\d+/.exec(rawBody.toString())?.[0] ?? 'none';

/** What the provider does with each request that it gets: cached tokens, refusals and breaks among them. */
function scriptFor(): Script {
  const [fate, paced] = [random(), { chunkDelayMs: 3, tokens: 10 + Math.floor(random() * 40) }];
  if (fate < 0.06) return { status: choose([429, 500, 503]) };
  if (fate < 0.15) return { ...paced, reset: { afterChunks: 4 } };
  if (fate < 0.5) return { ...paced, usage: { cachedInputTokens: 2, cacheWriteTokens: 1 } };
  return paced;
}

async function startApp(): Promise<{ url: string; child: ChildProcess }> {
  const settings: LedgerProcessSettings = {
    ...{ redisUrl: redis.url, databaseUrl: postgres.url, providerUrl: provider.url },
  };
  const child = spawn(process.execPath, [program, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  if (!child.stdout) throw new Error('the app has no output');
  const port = await new Promise<number>((resolve) => {
    createInterface(child.stdout as NonNullable<typeof child.stdout>).on('line', (line) => {
      const { port: listening, reservation, grants, ask } = JSON.parse(line);
      if (listening) resolve(listening);
      if (ask) askOf.set(reservation, ask);
      for (const { counter, granted } of grants ?? []) {
        if (!counter.startsWith('usd/month')) continue;
        grantedTo.set(reservation, (grantedTo.get(reservation) ?? 0n) + BigInt(granted));
      }
    });
  });
  return { url: `http://127.0.0.1:${port}`, child };
}

/** Asks all there is to ask, a dozen at once; in the middle one of the two apps is killed with its requests. */
async function askAll(): Promise<void> {
  const apps = [await startApp(), await startApp()];
  const [doomed] = apps;
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < asks) {
      const index = next++;
      if (index === killedAt) apps.shift()?.child.kill('SIGKILL');
      const app = apps[index % apps.length];
      if (app === doomed) killed.add(`ask-${index}`);
      const ending = await ask(app?.url ?? '', index, random, choose(keys));
      if (ending === 'unanswered') unanswered.push(index);
      if (ending === 'left') left.add(`ask-${index}`);
    }
  };
  await Promise.all(Array.from({ length: attempt }, one));
}

const sum = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((total, one) => total + one, 0n);
const costOf = (of: readonly Row[]): bigint => sum(of.map(({ cost }) => cost));
const chargedOf = (of: readonly Row[]): bigint => sum(of.map(({ charged }) => charged));

beforeAll(async () => {
  [redis, postgres, provider] = await Promise.all([
    startRedis(),
    startPostgres(),
    simulateProvider({ script: scriptFor }),
  ]);
  pool = new pg.Pool({ connectionString: postgres.url });
  shared = database({ connectionString: postgres.url });
  people = registry({ database: shared });
  const made = await Promise.all(
    teams.map(([tenant, team]) => people.keys.create({ tenant, team, plan: 'pro' })),
  );
  keys = made.map(({ key }) => key);
  client = createClient({ url: redis.url });
  await client.connect();
  const books = ledger({ database: shared });
  // Another process of the same group, which soon takes over what the one that is killed has not delivered.
  delivery = outbox({ client, sinks: [books], claimAfterMs: 1_000, pollMs: 50 });
  await askAll();
  const store = redisQuota({ client, outbox: true, deadlineMs: 5_000, sweepEveryMs: 200 });
  const limit = spend(tenantLimit).by('tenant');
  const end = Date.now() + 60_000;
  for (let settled = false; !settled && Date.now() < end; await delay(200)) {
    counted = new Map();
    for (const tenant of tenants) {
      const caller = { id: tenant, tenant, plan: 'pro', scopes: [], labels: {} };
      const [state] = await store.read(tenant, [counterOf(limit, { caller })]);
      counted.set(tenant, { used: state?.used ?? 0, held: state?.held ?? 0 });
    }
    rows = await readRows(pool);
    settled = tenants.every((tenant) => {
      const { used = 0, held = 1 } = counted.get(tenant) ?? {};
      return held === 0 && BigInt(used) === chargedOf(rows.filter((row) => row.tenant === tenant));
    });
  }
  await delivery.end();
  await store.end();
  await books.close();
}, 180_000);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
  client.destroy();
  await people.close();
  await shared.end();
  await pool.end();
  await Promise.all([provider.close(), redis.stop(), postgres.stop()]);
}, 90_000);

describe('three tenants, four teams and five models, one of two processes killed', () => {
  it('has met all that it is about', () => {
    const requests = provider.requests;
    expect(unanswered).toEqual([]);
    expect(new Set(rows.map(({ model }) => model)).size).toBe(5);
    expect(new Set(rows.map(({ tenant, team }) => `${tenant}/${team}`)).size).toBe(4);
    expect(requests.filter(({ status }) => status !== 200).length).toBeGreaterThan(5);
    expect(left.size).toBeGreaterThan(5);
    expect(requests.filter(({ billed }) => billed.cachedInputTokens > 0).length).toBeGreaterThan(20);
    expect(requests.length).toBeGreaterThan(new Set(requests.map(askIn)).size);
    expect(rows.filter(({ reported }) => !reported).length).toBeGreaterThan(5);
    expect(children[0]?.signalCode).toBe('SIGKILL');
  });

  it('ends with a ledger that adds up to the counters, to the nano-dollar, and nothing held', async () => {
    const { rows: sums } = await pool.query(
      `select counter, amount::text from tollgate.window_spend where counter like 'usd/month/tenant=%' order by 1`,
    );
    for (const [index, tenant] of tenants.entries()) {
      const own = rows.filter((row) => row.tenant === tenant);
      expect(costOf(own)).toBeGreaterThan(0n);
      const charged = chargedOf(own);
      expect(counted.get(tenant)).toEqual({ used: Number(charged), held: 0 });
      expect(sums[index]).toEqual({ counter: `usd/month/tenant=${tenant}`, amount: String(charged) });
    }
  });

  it('agrees with the provider’s own books exactly where the provider has reported', () => {
    let compared = 0;
    for (const [name, { own, exchanges }] of byAsk()) {
      if (!own.every(({ reported }) => reported)) continue;
      compared += 1;
      expect({ name, cost: costOf(own) }).toEqual({ name, cost: sum(exchanges.map(invoiced)) });
    }
    expect(compared).toBeGreaterThan(asks / 2);
  });

  // Who is killed takes with it what it saw since its last heartbeat, and a provider writes on until it notices that a client is gone:
  // of those at least the input is billed to their tenants. Counters were charged all that was held.
  it('charges what was not reported at least what the provider bills, and at most what was reserved; what is estimated is reported', async () => {
    let [gap, unconfirmed] = [0n, 0n];
    for (const [name, { own, exchanges }] of byAsk()) {
      if (own.every(({ reported }) => reported)) continue;
      const [billed, cost, charged] = [sum(exchanges.map(invoiced)), costOf(own), chargedOf(own)];
      const least = sum(
        exchanges.map((one) => (killed.has(name) || left.has(name) ? invoicedInput(one) : invoiced(one))),
      );
      const reservations = [...askOf].filter(([, one]) => one === name);
      // Who was killed before it could say what it had reserved for whom.
      if (killed.has(name) && reservations.length === 0) continue;
      const reserved = sum(reservations.map(([reservation]) => grantedTo.get(reservation) ?? 0n));
      const figures = { name, least, billed, cost, charged, reserved, own, exchanges };
      // Bills are estimates, counters bounds.
      const isRight = least <= cost && cost <= charged && billed <= charged && charged <= reserved;
      expect(isRight ? undefined : figures).toBeUndefined();
      gap += charged - billed;
      unconfirmed += cost;
    }
    const [total] = await reports({ database: shared }).usage({
      from: new Date(Date.now() - 86_400_000),
      to: new Date(Date.now() + 86_400_000),
      by: [],
    });
    expect(gap).toBeGreaterThan(0n);
    expect(BigInt(total?.unconfirmedNanoUsd ?? 0)).toBeGreaterThanOrEqual(unconfirmed);
  });

  it('says what a cap for each key would have refused and saved, as an arithmetic of its own does', async () => {
    const capNanoUsd = costOf(rows) / BigInt(keys.length * 2);
    const plans = definePlans({ pro: { spend: `$${formatUsd(Number(capNanoUsd))}/month` } });
    const [from, to] = [-86_400_000, 86_400_000].map((ms) => new Date(Date.now() + ms)) as [Date, Date];
    const { total } = await simulate(shared, { from, to, plans });
    const byHand = await replayedByHand(pool, capNanoUsd);
    expect(byHand.refusedRequests).toBeGreaterThan(20);
    expect(total).toMatchObject({
      requests: byHand.requests,
      refusedRequests: byHand.refusedRequests,
      costNanoUsd: String(byHand.recordedNanoUsd),
      simulatedNanoUsd: String(byHand.simulatedNanoUsd),
      savedNanoUsd: String(byHand.recordedNanoUsd - byHand.simulatedNanoUsd),
    });
  });

  it('has one row for each exchange that is billed, and none for an ask that never reached the provider', () => {
    for (const [name, { own, exchanges }] of byAsk()) {
      const billed = exchanges.filter(({ billed: { inputTokens } }) => inputTokens > 0).length;
      const charged = own.filter(({ cost }) => cost > 0n).length;
      // Nobody knows whether the killed had sent its last attempt, or was answered a refusal that costs nothing: charged its input, once.
      const unknown = killed.has(name) && charged === billed + 1;
      expect({ name, rows: charged }).toEqual({ name, rows: unknown ? billed + 1 : billed });
    }
  });
});

/** Rows and the provider's exchanges, by what was asked. */
function byAsk(): Map<string, { own: Row[]; exchanges: ReceivedRequest[] }> {
  const found = new Map<string, { own: Row[]; exchanges: ReceivedRequest[] }>();
  const at = (name: string) => {
    const one = found.get(name) ?? { own: [], exchanges: [] };
    found.set(name, one);
    return one;
  };
  for (const row of rows) at(row.ask).own.push(row);
  for (const request of provider.requests) at(askIn(request)).exchanges.push(request);
  return found;
}
