/**
 * How well watch() finds what it should: 30 days of 200 tenants with weekly rhythm, growth, launches, nightly jobs and noise, and labelled incidents
 * of six kinds. Beside it fixed thresholds and a plain z-score on the same traffic and the same policy, both tuned on another seed without any
 * incident to be as sensitive as false actions allow. `npm run bench -- detection`; BENCH_SEEDS, BENCH_TENANTS and BENCH_DAYS change what is run.
 */
import { type MakeContender, watchContender } from './contender.js';
import { type PlainKind, plainContender, tunePlain } from './plain.js';
import { rank } from './ranking.js';
import { type Report, simulate } from './simulation.js';
import { type Summary, summaryOf, tableOf, tableOfAreas, tableOfKinds } from './summary.js';

const days = Number(process.env.BENCH_DAYS ?? 30);
const tenants = Number(process.env.BENCH_TENANTS ?? 200);
const perKind = Math.min(12, Math.floor(tenants / 6));
const seeds = (process.env.BENCH_SEEDS ?? '101').split(',').map(Number);
const tuningSeed = 1;

const tuned = (kind: PlainKind): MakeContender =>
  plainContender(kind, tunePlain(kind, { days, tenants, seed: tuningSeed }));
const contenders = new Map<string, MakeContender>([
  ['`watch()`', watchContender],
  ['fixed thresholds', tuned('fixed thresholds')],
  ['plain z-score', tuned('plain z-score')],
]);

const summaries = new Map<string, Summary>();
for (const [name, make] of contenders) {
  const reports: Report[] = [];
  for (const seed of seeds) reports.push(await simulate({ days, tenants, perKind, seed }, make));
  summaries.set(name, summaryOf(reports));
  const falseMeasures = reports.map((report) => JSON.stringify(Object.fromEntries(report.falseMeasures)));
  const micros = reports.map(({ microsecondsPerHappening }) => microsecondsPerHappening.toFixed(0));
  console.error(`${name}: ${micros} µs a request; ${falseMeasures}`);
}
const requests = [...summaries.values()].map(({ happenings }) => happenings);
console.log(`${tenants} tenants, ${days} days, seeds ${seeds}; requests let through: ${requests}\n`);
console.log(`${tableOf(summaries)}\n\n${tableOfKinds(summaries)}\n`);

const rankings = rank({ days, tenants, perKind, seed: seeds[0] as number, longestMs: 600_000 });
console.log(tableOfAreas(rankings));
