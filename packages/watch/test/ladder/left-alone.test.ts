import { describe, expect, it } from '@jest/globals';
import type { Finding } from '../../src/detectors/finding.js';
import { ladderOf } from './ladder-of.js';

describe('what a person has taken back', () => {
  const spendOf = (seen: number): Partial<Finding> => ({
    features: [{ feature: 'usdIn5Minutes', expected: 0.02, seen }],
  });
  /** The audit trail after the action was taken back. */
  async function takenBack(score: number) {
    const all = ladderOf({ tenants: 100 });
    await all.take({ score });
    expect(await all.ladder.undo(all.measures[0]?.id ?? '')).toBe(true);
    all.measures.length = 0;
    return all;
  }

  it.each([
    ['a suspension', 9],
    ['a slow-down', 7],
    ['a notice', 5],
  ])('is not done again with the next finding: %s', async (_what, score) => {
    const { take, measures, off, clock } = await takenBack(score);
    for (let minute = 0; minute < 60; minute += 1) {
      clock.ms += 60_000;
      await take({ score });
    }
    expect(await off()).toEqual([]);
    expect(new Set(measures.map(({ action }) => action.do))).toEqual(new Set(['observe']));
  });

  it('is done again after a day', async () => {
    const { take, measures, clock } = await takenBack(9);
    clock.ms += 24 * 60 * 60_000 - 1;
    await take();
    clock.ms += 1;
    await take();
    expect(measures.map(({ action }) => action.do)).toEqual(['observe', 'suspend']);
  });

  it('is done again after as long as it would have lasted, where that is longer', async () => {
    const all = ladderOf();
    const rise = { detector: 'slow-rise', score: 7 } as const;
    await all.take(rise);
    const [limit] = all.measures;
    expect(limit?.action.do).toBe('limit');
    all.clock.ms += 3_600_000;
    expect(await all.ladder.undo(limit?.id ?? '')).toBe(true);
    all.clock.ms += 48 * 3_600_000 - 1;
    await all.take(rise);
    all.clock.ms += 1;
    await all.take(rise);
    expect(all.measures.map(({ action, outcome }) => `${action.do} ${outcome}`)).toEqual([
      'limit applied',
      'limit undone',
      'observe applied',
      'limit applied',
    ]);
  });

  it('is done at once where it has become four times as much, or three points stronger by another figure', async () => {
    const more = await takenBack(9);
    await more.take({ ...spendOf(15.9), score: 20 });
    await more.take(spendOf(16));
    expect(more.measures.map(({ action }) => action.do)).toEqual(['observe', 'suspend']);
    const other = await takenBack(9);
    const inAnHour = { features: [{ feature: 'usdInAnHour', expected: 0.2, seen: 9 }] };
    await other.take({ ...inAnHour, score: 11.9 });
    await other.take({ ...inAnHour, score: 12 });
    expect(other.measures.map(({ action }) => action.do)).toEqual(['observe', 'suspend']);
  });

  it('concerns its detector and its target alone', async () => {
    const { take, measures, off } = await takenBack(9);
    await take({ detector: 'scraping' });
    await take({ subject: { kind: 'key', name: 'k2', tenant: 'globex' } });
    expect(measures.map(({ action }) => action.do)).toEqual(['suspend', 'suspend']);
    expect(await off()).toHaveLength(2);
  });

  it('is neither asked of a person again', async () => {
    const { ladder, take, measures } = ladderOf();
    const rise = { detector: 'slow-rise', score: 10 } as const;
    await take(rise);
    const [asked, limit] = measures;
    expect([asked?.outcome, limit?.action.do]).toEqual(['withheld', 'limit']);
    for (const one of [asked, limit]) expect(await ladder.undo(one?.id ?? '')).toBe(true);
    measures.length = 0;
    await take(rise);
    expect(measures.map(({ action }) => action.do)).toEqual(['observe']);
  });
});
