/**
 * What watching costs: scoring one row by an isolation forest of 100 trees grown from 256 rows each, and growing it; and all that `watch()` does with a usage
 * event, for few keys and for many. Prints medians in µs of wall time. Goal: under 50 µs a score, and no growth with the number of keys but for the
 * processor's caches.
 */
import type { UsageEvent } from '@tollgate/core';
import { IsolationForest, watch } from '@tollgate/watch';
import { median } from './harness/statistics.js';

const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const features = [
  'spend',
  'tokens',
  'requests',
  'errors',
  'refusals',
  'ratio',
  'rhythm',
  'repetition',
  'cost',
];
const rows = Array.from({ length: 20_000 }, (_, row) =>
  features.map((_, column) => Math.sin((row + 1) * (column + 1) * 12.9898) ** (1 + (column % 3))),
);

function microsecondsOf(work: () => void, times: number): number {
  const start = process.hrtime.bigint();
  for (let time = 0; time < times; time += 1) work();
  return Number(process.hrtime.bigint() - start) / 1e3 / times;
}

function inRounds(work: () => void, times: number): string {
  microsecondsOf(work, times);
  return median(Array.from({ length: rounds }, () => microsecondsOf(work, times))).toFixed(1);
}

const forest = IsolationForest.train(rows, { features });
let row = 0;
const score = (): void => {
  row = (row + 1) % rows.length;
  forest.score(rows[row] as number[]);
};
console.log('| isolation forest, 9 features | µs |\n| --- | --: |');
console.log(`| score of a row | ${inRounds(score, 20_000)} |`);
console.log(`| a score explained | ${inRounds(() => forest.explain(rows[7] as number[]), 2_000)} |`);
console.log(`| growing from 20 000 rows | ${inRounds(() => IsolationForest.train(rows, { features }), 1)} |`);

/** One request of one of so many keys, ten to a tenant, every so often. */
function eventOf(one: number, keys: number): UsageEvent {
  const key = (one * 7_919) % keys;
  const id = String(one);
  return {
    ...{ eventId: id, kind: 'usage', requestId: id, callId: id, attempt: 1, admittedAt: '', time: '' },
    ...{
      tenant: `t${key % Math.ceil(keys / 10)}`,
      keyId: `k${key}`,
      plan: 'pro',
      labels: { feature: 'chat' },
    },
    ...{ provider: 'openai', requestedModel: 'gpt-5', model: 'gpt-5', inputTokens: 900 + (one % 311) },
    ...{ cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 200 + (one % 97), reasoningTokens: 0 },
    ...{ costNanoUsd: String(3_000_000 + (one % 1_013) * 5_000), priceVersion: '', source: 'provider' },
    ...{ uncertain: false, overrun: false, charges: [], status: 200, outcome: 'ok', stream: false },
    ...{ latencyMs: 500, promptHash: id },
  };
}

console.log(
  '\n| a usage event through watch(): forest grown, five pictures each | µs | MB in all |\n| --- | --: | --: |',
);
for (const keys of [100, 1_000, 10_000]) {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  let nowMs = 0;
  let one = 0;
  const watching = watch({ now: () => nowMs, maxBytes: 2 ** 34 });
  const take = (): void => {
    one += 1;
    nowMs += Math.round(20_000_000 / keys); // each key some four times a day
    watching.sink.write(eventOf(one, keys));
  };
  for (let warm = 0; warm < Math.max(40_000, 12 * keys); warm += 1) take();
  const microseconds = inRounds(take, 5_000);
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  console.log(
    `| ${keys} keys | ${microseconds} | ${((heapUsed + arrayBuffers - before) / 1e6).toFixed(0)} |`,
  );
  watching.end();
}
