import { beforeAll, describe, expect, it } from '@jest/globals';
import { type MakeContender, watchContender } from './contender.js';
import { dayMs, shapeNames } from './customers.js';
import { incidentKinds, isForTuning } from './incidents.js';
import { type PlainKind, plainContender, tunePlain } from './plain.js';
import { simulate } from './simulation.js';
import { partOf, type Summary, sharesOf, summaryOf } from './summary.js';

const isLong = process.env.TOLLGATE_LONG === '1';
// In full by `npm run bench -- detection`: there it runs several times faster.
const size = isLong ? { days: 30, tenants: 96 } : { days: 16, tenants: 48 };
const tuningSeed = 1;
const kinds = isLong
  ? incidentKinds
  : ([
      'runaway loop of one prompt',
      'stolen key, fast',
      'new key with dear calls',
      'slow drip',
      'retry storm',
    ] as const);
const scale = { ...size, perKind: 1, seed: 101, kinds };
const tuned = (kind: PlainKind): MakeContender =>
  plainContender(kind, tunePlain(kind, { ...size, seed: tuningSeed }));

describe('the simulator', () => {
  it('has at least 36 kinds of incidents, half of them not for tuning, and 20 shapes of customers', () => {
    expect(incidentKinds.length).toBeGreaterThanOrEqual(36);
    expect(incidentKinds.filter(isForTuning).length).toBe(Math.ceil(incidentKinds.length / 2));
    expect(shapeNames.length).toBeGreaterThanOrEqual(20);
  });
});

describe('the default policy, over simulated weeks with labelled incidents', () => {
  let summary: Summary;
  beforeAll(async () => {
    summary = summaryOf([await simulate(scale, watchContender)]);
  }, 1_200_000);

  it('acts on nine of ten incidents and reports nearly all', () => {
    const missed = summary.outcomes.filter(({ actedAfterMs }) => actedAfterMs === undefined);
    const names = missed.map(({ incident }) => incident.kind);
    expect({ acted: summary.acted >= (isLong ? 0.85 : 0.8), names }).toMatchObject({ acted: true });
    expect(summary.reported).toBeGreaterThanOrEqual(0.95);
  });

  it('keeps nearly all of the money that fast incidents would cost', () => {
    expect(sharesOf(partOf(summary.outcomes, 'fast')).kept).toBeGreaterThan(0.9);
  });

  it('hardly suspends anyone else, and limits few', () => {
    expect(summary.falsePerMonth.suspend + summary.falsePerMonth.block).toBeLessThan(0.1);
    expect(summary.falsePerMonth.limit).toBeLessThan(0.35);
    expect(summary.falsePerMonth.tag).toBeLessThan(1);
  });

  if (isLong) {
    it('acts on more than fixed thresholds that were tuned for as few false actions', async () => {
      const thresholds = summaryOf([await simulate(scale, tuned('fixed thresholds'))]);
      expect(summary.acted).toBeGreaterThan(thresholds.acted);
    }, 1_200_000);

    it('acts on 95 % of it with a restart every day', async () => {
      const restarted = summaryOf([await simulate(scale, watchContender, { everyMs: dayMs })]);
      expect(restarted.acted).toBeGreaterThanOrEqual(0.95 * summary.acted);
      expect(restarted.falsePerMonth.suspend).toBeLessThan(0.1);
    }, 1_200_000);
  }
});
