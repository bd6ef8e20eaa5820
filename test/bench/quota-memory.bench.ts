/**
 * What the quota engine costs in memory: reserve, charge and close of one request under four limits, as `budget` asks for them.
 * Prints microseconds of CPU per request (both operations, garbage collection included), medians over rounds.
 */
import { memoryQuota } from '@tollgate/core';
import { calendarSpan, newId, type Window } from '@tollgate/core/internal';
import { booksOf, quotaEvent as event } from './quota-books.js';

const requests = 20_000;
const rounds = 9;
const partition = 'tenant';

/** Microseconds of CPU for each request. */
async function round(callers: number, inFlight: number): Promise<number> {
  const nowMs = Date.now();
  const store = memoryQuota({ now: () => nowMs });
  // Made beforehand, so that only the engine is measured.
  const books = Array.from({ length: callers }, (_, caller) => booksOf(4, caller));
  const ids = Array.from({ length: requests }, () => newId());
  const settle = (request: number): unknown => {
    const [id, book] = [ids[request], books[request % callers]];
    if (id === undefined || !book) return undefined;
    return store.charge({ id, partition, attemptId: id, items: book.items, event, close: true });
  };
  globalThis.gc?.();
  const before = process.cpuUsage();
  for (let request = 0; request < requests + inFlight; request += 1) {
    const [id, book] = [ids[request], books[request % callers]];
    if (id !== undefined && book) {
      const alternatives = [{ charges: book.charges, event }];
      const result = await store.reserve({ id, partition, attemptId: id, alternatives, leaseMs: 60_000 });
      if (!result.ok) throw new Error(JSON.stringify(result.refusal));
    }
    await settle(request - inFlight);
  }
  const { user, system } = process.cpuUsage(before);
  await store.end();
  return (user + system) / requests;
}

for (const [callers, inFlight] of [
  [1, 0],
  [1_000, 200],
  [20_000, 200],
] as const) {
  const spent: number[] = [];
  for (let count = 0; count < rounds; count += 1) spent.push(await round(callers, inFlight));
  const median = spent.sort((a, b) => a - b)[rounds >> 1] ?? 0;
  console.log(
    `quota in memory: ${callers} callers, ${inFlight} in flight: ${median.toFixed(1)} µs per request (4 limits)`,
  );
}

/**
 * Heap of one counter that has been used, in bytes, its key included: amounts of money above 2^31, which are no small integers. Leases
 * and what is remembered of them are over by then.
 */
async function bytesPerKey(window: Window, keys: number): Promise<number> {
  let nowMs = Date.UTC(2026, 0, 1);
  const store = memoryQuota({ now: () => nowMs, thresholds: [] });
  const windowId = window.kind === 'calendar' ? calendarSpan(window, nowMs).id : window.kind;
  const used = 3_000_000_001;
  const use = async (key: number): Promise<void> => {
    const counter = Buffer.from(`usd/${window.kind}/tenant=acme/key=key_${key}`).toString();
    const of = { counter, unit: 'usd', limit: 9e15, window, wide: false, soft: false } as const;
    const id = newId();
    const wanted = { id, partition, attemptId: id, leaseMs: 1_000 };
    await store.reserve({ ...wanted, alternatives: [{ charges: [{ ...of, want: used, floor: used }] }] });
    const items = [{ ...of, windowId, amount: used, release: used }];
    await store.charge({ id, partition, attemptId: id, items, event, close: true });
  };
  for (let key = 0; key < 1_000; key += 1) await use(-1 - key);
  const heap = (): number => {
    for (let times = 0; times < 4; times += 1) globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const before = heap();
  for (let key = 0; key < keys; key += 1) {
    // So that leases and their remains end all the while, as they do in an app.
    nowMs += 10;
    await use(key);
  }
  nowMs += 300_000;
  // Each operation forgets a few of what is over.
  for (let times = 0; times < keys; times += 1) await store.renew({ id: 'none', partition, running: [] });
  const bytes = (heap() - before) / keys;
  await store.end();
  return bytes;
}

const day: Window = { kind: 'calendar', period: 'day', timeZone: 'UTC', anchorDay: 1 };
// Refills so slowly that nothing of it is forgotten here.
const bucket: Window = { kind: 'bucket', rate: 1_000, periodMs: 86_400_000, burst: 1e12 };
for (const window of [day, bucket]) {
  const bytes = await bytesPerKey(window, 100_000);
  console.log(`quota in memory, 100000 keys, ${window.kind}: ${bytes.toFixed(0)} bytes of heap per key`);
}
