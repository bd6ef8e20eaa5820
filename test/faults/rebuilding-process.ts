/** Spends from a shared budget until it is told to end, whatever becomes of Redis; a process of its own. Says what it does. */
import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { newId } from '@tollgate/core/internal';
import { ledger } from '@tollgate/postgres';
import { outbox, redisQuota } from '@tollgate/redis';
import { createClient } from 'redis';
import { ledgerEvent } from '../ledger-event.js';
import { seeded } from '../seeded.js';
import { hands, places, type RebuildingSettings, type Said, spend } from './rebuilding-settings.js';

const { redisUrl, databaseUrl, prefix, seed }: RebuildingSettings = JSON.parse(process.argv[2] ?? '{}');
const say = (said: Said): void => void writeSync(1, `${JSON.stringify(said)}\n`);
const random = seeded(seed);
const reconnectStrategy = (retries: number): number => Math.min(50 * 2 ** retries, 500);
const client = createClient({ url: redisUrl, socket: { reconnectStrategy } });
client.on('error', () => undefined);
await client.connect();
const books = ledger({ connectionString: databaseUrl });
const spent = {
  spentIn: (windows: Parameters<typeof books.spentIn>[0]) => books.spentIn(windows),
  caughtUp: async () => books.caughtUp?.(),
  openWindows() {
    say({ did: 'look' });
    return books.openWindows();
  },
};
const store = redisQuota({
  client,
  prefix,
  partitions: 1,
  outbox: true,
  spent,
  deadlineMs: 500,
  sweepEveryMs: 200,
  rememberRefusalsMs: 0,
});
const delivery = outbox({ client, prefix, partitions: 1, sinks: [books], pollMs: 50, claimAfterMs: 1_000 });

let running = true;
process.on('SIGTERM', () => {
  running = false;
});

/** Tries again, as the queue of `budget()` does. */
async function untilDone<Result>(work: () => Promise<Result> | Result): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch {
      await delay(20);
    }
  }
}

async function request(): Promise<void> {
  const [id, attemptId, want] = [newId(), newId(), 1 + Math.floor(random() * 9)];
  const asked = { id, partition: 'acme', attemptId, leaseMs: 10_000 };
  const event = { ...ledgerEvent('acme', Date.now(), 1, BigInt(want)), eventId: attemptId };
  const asking = [
    { ...spend, want, floor: want },
    { ...places, want: 1 },
  ];
  const alternatives = [{ charges: asking, event }];
  const admitted = await store.reserve({ ...asked, alternatives });
  const grant = admitted.ok ? admitted.grants[0] : undefined;
  if (!grant) return;
  await delay(random() * 200);
  const amount = Math.ceil(want / 2);
  const charges = [{ counter: spend.counter, window: grant.window, amount }];
  const items = [
    { ...spend, windowId: grant.window, amount, release: want },
    { ...places, windowId: 'live', amount: 0, release: 1 },
  ];
  const settled = { ...event, costNanoUsd: String(amount), charges };
  await untilDone(() => store.charge({ ...asked, items, event: settled, close: true }));
  say({ did: 'charge', amount });
}

async function work(): Promise<void> {
  while (running) {
    await request().catch(() => undefined);
    await delay(20 + random() * 30);
  }
}

await untilDone(() => store.read('acme', [spend]));
say({ did: 'open' });
await Promise.all(Array.from({ length: hands }, work));
await untilDone(() => delivery.flush());
await books.caughtUp?.();
await store.end();
await delivery.end();
await books.close();
client.destroy();
say({ did: 'end' });
