/**
 * What the quota engine costs on Redis: reserve, charge and close of one request under 1, 4 and 16 limits, with lease, usage event and
 * outbox, one request after the other and sixteen together; what being rebuilt from a ledger adds to it (`spent`); beside it, the cheapest pair of scripts that could do the like. Prints microseconds of Redis' CPU and of this process's per request, medians over rounds, and
 * what a key takes of Redis' memory. `BENCH_ROUNDS`, `BENCH_REQUESTS`; `BENCH_KEYS=1000000` measures memory with as many keys too.
 */
import { newId } from '@tollgate/core/internal';
import { outbox, redisQuota } from '@tollgate/redis';
import { startRedis } from '@tollgate/testkit';
import { createClient } from 'redis';
import { median } from './harness/statistics.js';
import { booksOf, type QuotaBooks, quotaEvent } from './quota-books.js';
import { floorOn } from './quota-floor.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const requests = Number(process.env.BENCH_REQUESTS ?? 5_000);
const callers = 100;
const partition = 'acme';

const server = await startRedis();
const client = createClient({ url: server.url });
await client.connect();

async function figure(section: string, name: string): Promise<number> {
  const info = await client.info(section);
  return Number(new RegExp(`^${name}[:=]([\\d.]+)`, 'm').exec(info)?.[1] ?? Number.NaN);
}

/** Seconds of CPU that the server has used, all its threads. */
const serverCpu = async (): Promise<number> =>
  (await figure('cpu', 'used_cpu_user')) + (await figure('cpu', 'used_cpu_sys'));

/** Microseconds that the server says scripts took. */
async function scriptMicros(): Promise<number> {
  const stats = await client.info('commandstats');
  return [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=\d+,usec=(\d+)/gm)].reduce(
    (sum, [, micros]) => sum + Number(micros),
    0,
  );
}

type Store = ReturnType<typeof redisQuota>;

async function one(store: Store, { charges, items }: QuotaBooks): Promise<void> {
  const id = newId();
  const event = { ...quotaEvent, eventId: id };
  const alternatives = [{ charges, event }];
  const result = await store.reserve({ id, partition, attemptId: id, alternatives, leaseMs: 60_000 });
  if (!result.ok) throw new Error(JSON.stringify(result.refusal));
  await store.charge({ id, partition, attemptId: id, items, event, close: true });
}

interface Spent {
  readonly scripts: number;
  readonly server: number;
  readonly client: number;
}

/** Microseconds for each request, of which so many run at the same time. */
async function round(one: (caller: number) => Promise<void>, together: number): Promise<Spent> {
  globalThis.gc?.();
  const before = { scripts: await scriptMicros(), server: await serverCpu(), client: process.cpuUsage() };
  for (let from = 0; from < requests; from += together) {
    await Promise.all(Array.from({ length: together }, (_, at) => one((from + at) % callers)));
  }
  const { user, system } = process.cpuUsage(before.client);
  return {
    scripts: ((await scriptMicros()) - before.scripts) / requests,
    server: (((await serverCpu()) - before.server) * 1e6) / requests,
    client: (user + system) / requests,
  };
}

async function printCosts(
  name: string,
  one: (caller: number) => Promise<void>,
  together: number,
): Promise<number> {
  await client.flushDb();
  await round(one, together);
  const spent: Spent[] = [];
  for (let count = 0; count < rounds; count += 1) spent.push(await round(one, together));
  const of = (figure: keyof Spent): number => median(spent.map((round) => round[figure]));
  const how = together === 1 ? 'one at a time' : `${together} together`;
  const pair = floors.get(together) ?? of('server');
  console.log(
    `${name}, ${how}, µs per request: scripts ${of('scripts').toFixed(1)}, Redis in all ${of('server').toFixed(1)} (${(of('server') / pair).toFixed(2)} × the cheapest pair), client ${of('client').toFixed(1)}`,
  );
  return of('server');
}

/** What the cheapest pair of scripts takes of Redis in all, by how many come together. */
const floors = new Map<number, number>();

async function printEngine(limits: number): Promise<void> {
  const store = redisQuota({ client, outbox: true, deadlineMs: 5_000 });
  const books = Array.from({ length: callers }, (_, caller) => booksOf(limits, caller));
  for (const together of [1, 16]) {
    const ask = (caller: number): Promise<void> => one(store, books[caller] as QuotaBooks);
    await printCosts(`quota on Redis, ${limits} limits`, ask, together);
  }
  await store.end();
}

/** With and without a ledger from which counters that are lost are rebuilt; events are delivered in both, to nobody. */
async function printRebuilding(limits: number): Promise<void> {
  const spent = { spentIn: async () => [], openWindows: async () => [] };
  const delivery = outbox({ client, sinks: [{ write: () => undefined }] });
  const books = Array.from({ length: callers }, (_, caller) => booksOf(limits, caller));
  for (const together of [1, 16]) {
    for (const [name, more] of [
      ['not rebuilt', {}],
      ['rebuilt', { spent }],
    ] as const) {
      const store = redisQuota({ client, outbox: true, deadlineMs: 5_000, ...more });
      const ask = (caller: number): Promise<void> => one(store, books[caller] as QuotaBooks);
      await printCosts(`quota on Redis, ${limits} limits, ${name}`, ask, together);
      await store.end();
    }
  }
  await delivery.end();
}

/** One counter for each of so many callers, each used once; what leases and events take is taken away before measuring. */
async function printMemory(keys: number): Promise<void> {
  const store = redisQuota({ client, deadlineMs: 5_000, batchSize: 128 });
  // Scripts and buffers are there before it is looked: they are no key's.
  for (let count = 0; count < 3; count += 1) {
    await Promise.all(Array.from({ length: 1_000 }, (_, at) => one(store, booksOf(1, at))));
  }
  await client.flushAll();
  const before = await figure('memory', 'used_memory');
  for (let from = 0; from < keys; from += 1_000) {
    await Promise.all(Array.from({ length: 1_000 }, (_, at) => one(store, booksOf(1, from + at))));
  }
  await store.end();
  for await (const found of client.scanIterator({ MATCH: '*:r:*', COUNT: 1_000 })) {
    if (found.length > 0) await client.unlink(found);
  }
  const left = await client.dbSize();
  const bytes = ((await figure('memory', 'used_memory')) - before) / left;
  console.log(`quota on Redis, ${left} keys: ${bytes.toFixed(0)} bytes of memory per key`);
}

const floor = await floorOn(client);
for (const together of [1, 16]) {
  floors.set(together, await printCosts('the cheapest pair of scripts, 4 counters', floor, together));
}
for (const limits of [1, 4, 16]) await printEngine(limits);
await printRebuilding(4);
for (const keys of [1_000, 100_000, Number(process.env.BENCH_KEYS ?? 0)]) {
  if (keys > 0) await printMemory(keys);
}
client.destroy();
await server.stop();
