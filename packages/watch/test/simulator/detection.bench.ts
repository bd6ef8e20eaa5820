/**
 * How well watch() finds what it should: weeks of customers of twenty-four shapes, and labelled incidents of forty kinds, half of which nothing was
 * tuned on. Beside it fixed thresholds and a plain z-score on the same traffic and the same policy, both tuned on another seed without any
 * incident to be as sensitive as false actions allow. `npm run bench -- detection`; BENCH_SEEDS, BENCH_TENANTS, BENCH_DAYS, BENCH_PER_KIND and
 * BENCH_RESTARTS=1 (a restart every day) change what is run, BENCH_ALONE=1 leaves the others out. BENCH_LIMIT_FROM=6,7,8 runs `watch()` alone, with
 * slow rises limited from each of these scores.
 */
import { defaultPolicy } from '../../src/ladder/policy.js';
import { type MakeContender, watchContender } from './contender.js';
import { dayMs } from './customers.js';
import { incidentKinds, isForTuning } from './incidents.js';
import { type PlainKind, plainContender, tunePlain } from './plain.js';
import { type Report, simulate } from './simulation.js';
import { type Part, type Summary, summaryOf, tableOf, tableOfKinds } from './summary.js';

const days = Number(process.env.BENCH_DAYS ?? 30);
const tenants = Number(process.env.BENCH_TENANTS ?? 192);
const perKind = Number(process.env.BENCH_PER_KIND ?? 2);
const seeds = (process.env.BENCH_SEEDS ?? '101').split(',').map(Number);
const restart = process.env.BENCH_RESTARTS === '1' ? { everyMs: dayMs } : undefined;
const tuningSeed = 1;

const tuned = (kind: PlainKind): MakeContender =>
  plainContender(kind, tunePlain(kind, { days, tenants: Math.min(tenants, 96), seed: tuningSeed }));
const contenders = new Map<string, () => MakeContender>([['`watch()`', () => watchContender]]);
if (process.env.BENCH_ALONE !== '1') {
  contenders.set('fixed thresholds', () => tuned('fixed thresholds'));
  contenders.set('plain z-score', () => tuned('plain z-score'));
}

const limitsFrom = (process.env.BENCH_LIMIT_FROM ?? '').split(',').filter(Boolean).map(Number);
if (limitsFrom.length > 0) contenders.clear();

const summaries = new Map<string, Summary>();
for (const [name, makeOf] of contenders) {
  const make = makeOf();
  const reports: Report[] = [];
  for (const seed of seeds) reports.push(await simulate({ days, tenants, perKind, seed }, make, restart));
  const summary = summaryOf(reports);
  summaries.set(name, summary);
  const most = [...summary.falseActions].sort(([, one], [, other]) => other - one).slice(0, 25);
  console.error(`${name}: false actions ${JSON.stringify(Object.fromEntries(most))}`);
}
for (const minScore of limitsFrom) {
  const policy = defaultPolicy.flatMap((rule) => {
    if (rule.action.do !== 'limit' || !rule.detectors.includes('slow-rise')) return [rule];
    const others = rule.detectors.filter((one) => one !== 'slow-rise');
    return [
      { ...rule, detectors: others },
      { ...rule, detectors: ['slow-rise'], minScore },
    ];
  });
  const reports: Report[] = [];
  for (const seed of seeds)
    reports.push(await simulate({ days, tenants, perKind, seed }, watchContender, restart, policy));
  summaries.set(`slow rises limited from ${minScore}`, summaryOf(reports));
}
const [own] = summaries.values();
console.log(`${tenants} tenants, ${days} days, seeds ${seeds}; requests let through: ${own?.happenings}\n`);
for (const part of [
  'all',
  'not tuned on',
  'not tuned on, fast',
  'not tuned on, slow',
  'tuned on',
] satisfies Part[])
  console.log(`Incidents: ${part}\n\n${tableOf(summaries, part)}\n`);
if (own) {
  const { limit } = own.falsePerMonth;
  console.log(
    `False limits of the first row without those that continue one which has just ended: ${(limit - own.falseRenewals).toFixed(3)}\n`,
  );
  for (const isTuning of [false, true]) {
    const kinds = incidentKinds.filter((kind) => isForTuning(kind) === isTuning);
    console.log(`${isTuning ? 'Tuned on' : 'Not tuned on'}\n\n${tableOfKinds(own, kinds)}\n`);
  }
}
