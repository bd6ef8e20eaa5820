import { describe, expect, it } from '@jest/globals';
import { startRedis } from '@tollgate/testkit';
import { createClient } from 'redis';
import { type AppOnLedger, appOnLedger, spend } from './app-on-ledger.js';
import { MemoryLedger } from './memory-ledger.js';
import { newPrefix } from './servers.js';
import { untilDone } from './spender.js';

const cap = 3_000;
const socket = { reconnectStrategy: (retries: number) => Math.min(50 * 2 ** retries, 500) };
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('four processes whose Redis is killed and comes back empty, twice, under load', () => {
  it('rebuild it once: the cap is never passed, what was charged is counted to the unit, nothing stays held', async () => {
    const server = await startRedis();
    const ledger = new MemoryLedger();
    const prefix = newPrefix();
    const clients = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const client = createClient({ url: server.url, socket });
        client.on('error', () => undefined);
        return client.connect();
      }),
    );
    const budget = { ...spend, limit: cap };
    const apps = clients.map((client) => appOnLedger(ledger, { client, prefix, deadlineMs: 300 }, [budget]));
    let running = true;
    let charged = 0;
    let admitted = 0;
    const worker = async ({ spender }: AppOnLedger, seed: number): Promise<void> => {
      for (let turn = 0; running; turn += 1) {
        const want = 1 + ((seed * 7 + turn * 3) % 9);
        const reservation = await spender.reserve({ want }).catch(() => undefined);
        if (!reservation) {
          await pass(20);
          continue;
        }
        admitted += 1;
        await pass(20 + ((seed * 13 + turn * 17) % 200));
        const amount = Math.ceil(want / 2);
        await untilDone(() => spender.charge(reservation, amount), 30_000);
        charged += amount;
      }
    };
    const workers = apps.flatMap((app, at) => [worker(app, at), worker(app, at + 10), worker(app, at + 20)]);
    const recoveredMs: number[] = [];
    for (let round = 0; round < 2; round += 1) {
      await pass(800);
      await server.kill();
      await pass(200);
      await server.restart();
      const start = performance.now();
      await untilDone(() => (apps[0] as AppOnLedger).spender.standing(), 40_000);
      recoveredMs.push(Math.round(performance.now() - start));
    }
    await pass(800);
    running = false;
    await Promise.all(workers);
    const standing = await untilDone(() => (apps[1] as AppOnLedger).spender.standing(), 40_000);
    await Promise.all(apps.map(({ end }) => end()));
    const [grantWindow = ''] = [...ledger.events.values()].flatMap(({ charges }) =>
      charges.map(({ window }) => window),
    );
    process.stdout.write(
      `    admitted ${admitted}, charged ${charged}, ledger looked at ${ledger.looks} times, open again after ${recoveredMs.join(' and ')} ms\n`,
    );
    expect(admitted).toBeGreaterThan(10);
    expect(ledger.sum(budget.counter, grantWindow)).toBe(charged);
    expect(standing).toEqual([{ used: charged, held: 0 }]);
    expect(charged).toBeLessThanOrEqual(cap);
    for (const client of clients) client.destroy();
    await server.stop();
  }, 180_000);
});
