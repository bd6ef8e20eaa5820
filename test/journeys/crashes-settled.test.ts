import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { run } from '@tollgate/cli';
import { counterOf, spend } from '@tollgate/core';
import { database, ledger, registry } from '@tollgate/postgres';
import { outbox, redisQuota } from '@tollgate/redis';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type PostgresProcess, type RedisProcess, startPostgres, startRedis } from '@tollgate/testkit';
import { bundledProgram } from '@tollgate/testkit/bundled-program';
import pg from 'pg';
import { createClient } from 'redis';
import { seeded } from '../seeded.js';
import { readRows } from './ledger-rows.js';
import type { LedgerProcessSettings } from './ledger-settings.js';
import { invoiced } from './provider-invoice.js';

const long = process.env.TOLLGATE_LONG === '1';
const crashes = 3;
const inFlight = 12;
const dayMs = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'tollgate-crashes-'));
const program = bundledProgram(import.meta.dirname, 'ledger-process');
const random = seeded(13);
const children: ChildProcess[] = [];

let redis: RedisProcess;
let postgres: PostgresProcess;
let provider: SimulatedProvider;
let client: ReturnType<typeof createClient>;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function startServers(): Promise<void> {
  [redis, postgres, provider] = await Promise.all([startRedis(), startPostgres(), simulateProvider()]);
  // The provider generates and bills whole answers, although the app is gone.
  provider.script(() => ({
    ...{ finishesAlone: true, tokens: 20 + Math.floor(random() * 130) },
    ...{ firstByteDelayMs: Math.floor(random() * 100), chunkDelayMs: 10 },
  }));
  client = createClient({ url: redis.url });
  await client.connect();
}

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
  children.length = 0;
  client.destroy();
  await Promise.all([provider.close(), redis.stop(), postgres.stop()]);
}, 90_000);

async function startApp(limit: string): Promise<{ url: string; child: ChildProcess }> {
  const settings: LedgerProcessSettings = {
    ...{ redisUrl: redis.url, databaseUrl: postgres.url, providerUrl: provider.url, limit },
  };
  const child = spawn(process.execPath, [program, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const port = await new Promise<string>((resolve) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk;
      const [, listening] = /"port":(\d+)/.exec(text) ?? [];
      if (listening) resolve(listening);
    });
  });
  return { url: `http://127.0.0.1:${port}`, child };
}

/** A tenant and its key. */
type Caller = readonly [tenant: string, key: string];

/** Asks, again where Redis was slower than its deadline (503); the status, or `undefined` where the app ended meanwhile. */
async function ask(url: string, [tenant, key]: Caller, index: number): Promise<number | undefined> {
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({
        ...{ model: index % 3 ? 'gpt-5-mini' : 'gpt-5', stream: index % 2 === 0, max_completion_tokens: 150 },
        messages: [{ role: 'user', content: `Call ${index} of ${tenant}.` }],
      }),
    });
    await response.text();
    return response.status === 503 ? await ask(url, [tenant, key], index) : response.status;
  } catch {
    return undefined;
  }
}

/** The app is killed while a dozen calls wait for their answers, three times over; before each, some calls end as they should. Resolves with how many were refused. */
async function crash(callers: readonly Caller[], limit: string): Promise<number> {
  let refused = 0;
  const callerOf = (index: number) => callers[index % callers.length] as Caller;
  for (let turn = 0; turn < crashes; turn += 1) {
    const { url, child } = await startApp(limit);
    for (let index = 0; index < 3; index += 1) await ask(url, callerOf(index), index);
    const before = provider.requests.length + refused;
    const asking = Array.from({ length: inFlight }, async (_, index) => {
      if ((await ask(url, callerOf(index), index)) === 402) refused += 1;
    });
    while (provider.requests.length + refused < before + inFlight) await delay(5);
    child.kill('SIGKILL');
    await Promise.all(asking);
  }
  return refused;
}

/** Waits until leases are over and events delivered; what each tenant's counter is then, in nano-dollars. */
async function counters(tenants: readonly string[], limit: string): Promise<number[]> {
  const shared = database({ connectionString: postgres.url });
  const books = ledger({ database: shared });
  const pool = new pg.Pool({ connectionString: postgres.url });
  const store = redisQuota({ client, outbox: true, deadlineMs: 5_000, sweepEveryMs: 200 });
  const delivery = outbox({ client, sinks: [books], claimAfterMs: 1_000, pollMs: 50 });
  const own = tenants.map((tenant) => {
    const caller = { id: tenant, tenant, plan: 'pro', scopes: [], labels: {} };
    return { tenant, counter: counterOf(spend(limit).by('tenant'), { caller }) };
  });
  try {
    for (;;) {
      const states = await Promise.all(own.map(({ tenant, counter }) => store.read(tenant, [counter])));
      const rows = await readRows(pool);
      const used = states.map(([state]) => state?.used ?? 0);
      const held = states.reduce((sum, [state]) => sum + (state?.held ?? 0), 0);
      const charged = tenants.map((tenant) =>
        Number(rows.reduce((sum, row) => sum + (row.tenant === tenant ? row.charged : 0n), 0n)),
      );
      if (held === 0 && used.every((amount, index) => amount === charged[index])) return used;
      await delay(100);
    }
  } finally {
    await delivery.end();
    await store.end();
    await books.close();
    await shared.end();
    await pool.end();
  }
}

/** `tollgate reconcile --settle`, three days on, with the provider's own costs. */
async function settle(atMs: number, billedNanoUsd: number): Promise<string> {
  const start = Math.floor(atMs / dayMs) * 86_400;
  const amount = { value: (billedNanoUsd / 1e9).toFixed(9), currency: 'usd' };
  const costs = join(folder, 'costs.json');
  writeFileSync(
    costs,
    JSON.stringify({
      object: 'page',
      data: [
        {
          ...{ object: 'bucket', start_time: start, end_time: start + 86_400 },
          results: [{ object: 'organization.costs.result', amount }],
        },
      ],
    }),
  );
  let out = '';
  const write = (text: string): void => {
    out += text;
  };
  const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url };
  const code = await run(['reconcile', costs, '--settle', '--exclusive', '--json'], {
    ...{ env, user: 'ann', fetch: globalThis.fetch, now: () => atMs + 3 * dayMs },
    ...{ write, writeError: write },
  });
  expect([code, out]).toEqual([0, expect.any(String)]);
  return JSON.parse(out)[0].outcome;
}

describe('three crashes with a dozen calls in flight each', () => {
  it.each(long ? [[['acme']], [['acme', 'beta', 'gamma']]] : [[['acme']]])(
    'leave each bill within its cap; settled by the provider’s costs, each counter covers the bill, and of one tenant equals it: %j',
    async (tenants) => {
      await startServers();
      const people = registry({ connectionString: postgres.url });
      const made = await Promise.all(tenants.map((tenant) => people.keys.create({ tenant, plan: 'pro' })));
      const callers = tenants.map((tenant, index): Caller => [tenant, made[index]?.key ?? '']);
      // Room for about two of the three dozen at their worst.
      const capNanoUsd = 24_000_000 / tenants.length;
      const limit = `$${capNanoUsd / 1e9}/month`;
      const startedMs = Date.now();
      expect(await crash(callers, limit)).toBeGreaterThan(0);
      await provider.waitForEnd(provider.requests.length, 30_000);
      await people.close();
      const bills = tenants.map((tenant) =>
        provider.requests.reduce(
          (sum, one) => sum + (one.rawBody.includes(`of ${tenant}.`) ? Number(invoiced(one)) : 0),
          0,
        ),
      );
      const bill = bills.reduce((sum, one) => sum + one, 0);
      const before = await counters(tenants, limit);
      for (const [index, used] of before.entries()) {
        expect(bills[index]).toBeLessThan(used);
        expect(used).toBeLessThanOrEqual(capNanoUsd);
      }
      const outcome = await settle(startedMs, bill);
      const after = await counters(tenants, limit);
      process.stdout.write(
        `    cap ${capNanoUsd}, bills ${bills}, counters ${before}, settled ${after} (${outcome}) nano-dollars\n`,
      );
      // A provider may count on the next day what was going on within an hour of midnight: that stays as it is.
      const isOneDay = Math.floor(startedMs / dayMs) === Math.floor((Date.now() + 3_600_000) / dayMs);
      if (isOneDay) expect(outcome).toBe('settled');
      else expect(after).toEqual(before);
      for (const [index, used] of after.entries())
        expect(used).toBeGreaterThanOrEqual(bills[index] ?? Number.NaN);
      if (isOneDay && tenants.length === 1) expect(after).toEqual(bills);
    },
    120_000,
  );
});
