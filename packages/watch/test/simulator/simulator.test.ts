import { beforeAll, describe, expect, it } from '@jest/globals';
import { type MakeContender, watchContender } from './contender.js';
import { type PlainKind, plainContender, tunePlain } from './plain.js';
import { areaUnderCurve, rank } from './ranking.js';
import { simulate } from './simulation.js';
import { type Summary, summaryOf } from './summary.js';

const isLong = process.env.TOLLGATE_LONG === '1';
// in full, 200 tenants, by `npm run bench -- detection`: there it runs many times faster
const size = isLong ? { days: 30, tenants: 60 } : { days: 18, tenants: 24 };
const tuningSeed = 1;
// nothing was tuned on this seed
const scale = { ...size, perKind: isLong ? 6 : 2, seed: 101 };
const tuned = (kind: PlainKind): MakeContender =>
  plainContender(kind, tunePlain(kind, { ...size, seed: tuningSeed }));

describe('the default policy, over simulated weeks with labelled incidents', () => {
  let summary: Summary;
  beforeAll(async () => {
    summary = summaryOf([await simulate(scale, watchContender)]);
  }, 1_200_000);

  it('acts on at least 95 % of incidents', () => {
    const missed = summary.outcomes.filter(({ actedAfterMs }) => actedAfterMs === undefined);
    expect({ acted: summary.acted >= 0.95, missed: namesOf(missed) }).toMatchObject({ acted: true });
  });

  it('stops every runaway loop and every stolen key before a hundredth of what they would cost is gone', () => {
    const dear = summary.outcomes.filter(({ incident: { kind } }) =>
      ['runaway loop', 'stolen key'].includes(kind),
    );
    expect(namesOf(dear.filter(({ stoppedAfterMs }) => stoppedAfterMs === undefined))).toEqual([]);
    const sum = (of: 'usdLost' | 'usdAtStake'): number => dear.reduce((usd, one) => usd + one[of], 0);
    expect(sum('usdLost') / sum('usdAtStake')).toBeLessThan(0.01);
  });

  it('does so within a minute of most incidents’ first request', () => {
    const quick = summary.outcomes.filter(
      ({ incident: { kind, isSlow } }) => kind !== 'slow leak' && kind !== 'price change' && !isSlow,
    );
    const times = quick
      .map(({ actedAfterMs }) => actedAfterMs ?? Number.POSITIVE_INFINITY)
      .sort((a, b) => a - b);
    expect(times[times.length >> 1]).toBeLessThan(60_000);
    if (isLong) expect(summary.medianMs).toBeLessThan(60_000);
  });

  it('suspends hardly anybody else, and slows down few', () => {
    expect(summary.falseActions.suspend + summary.falseActions.block).toBeLessThan(0.05);
    expect(summary.falseActions.slow).toBeLessThan(0.4);
  });

  if (isLong)
    it('acts on more than fixed thresholds that were tuned for as few false actions', async () => {
      const thresholds = summaryOf([await simulate(scale, tuned('fixed thresholds'))]);
      expect(summary.acted).toBeGreaterThan(thresholds.acted);
    }, 1_200_000);
});

describe('the combined risk of a request', () => {
  it('tells hostile requests from usual ones better than the isolation forest alone', () => {
    const smaller = isLong ? scale : { ...scale, days: 12, tenants: 12 };
    const rankings = rank({ ...smaller, longestMs: 600_000 });
    // a leak's requests are usual ones but for their cost, and differ little from those before
    const areaOf = (ranker: keyof typeof rankings): number => {
      const { usual, hostile } = rankings[ranker];
      const quick = [...hostile].flatMap(([kind, scores]) => (kind === 'slow leak' ? [] : scores));
      return areaUnderCurve(usual, quick);
    };
    expect(areaOf('combined risk')).toBeGreaterThan(0.98);
    expect(areaOf('combined risk')).toBeGreaterThan(areaOf('isolation forest'));
  }, 1_200_000);

  it('is judged by the area under the curve, ties as a half', () => {
    expect(areaUnderCurve([1, 2, 3], [4, 5])).toBe(1);
    expect(areaUnderCurve([1, 2, 3], [0])).toBe(0);
    expect(areaUnderCurve([1, 2, 3, 4], [2, 3])).toBe(0.5);
  });
});

const namesOf = (outcomes: Summary['outcomes']): string[] =>
  outcomes.map(
    ({ incident: { kind, gapMs, times } }) => `${kind} ${gapMs.toFixed(0)} ms ${times.toFixed(1)} times`,
  );
