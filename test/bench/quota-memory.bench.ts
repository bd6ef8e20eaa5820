/**
 * What the quota engine costs in memory: reserve, charge and close of one request under four limits, as `budget` asks for them.
 * Prints microseconds of CPU per request (both operations, garbage collection included), medians over rounds.
 */
import { memoryQuota } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
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
