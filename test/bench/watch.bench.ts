/**
 * What watching costs: scoring one row by an isolation forest of 100 trees grown from 256 rows each, and growing it. Prints medians in µs of wall
 * time. Goal: under 50 µs a score.
 */
import { IsolationForest } from '@tollgate/watch';
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
