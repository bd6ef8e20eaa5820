import { describe, expect, it } from '@jest/globals';
import { Reservoir } from '../../src/forest/reservoir.js';
import { seededRandom } from '../../src/forest/seeded-random.js';

describe('Reservoir', () => {
  it('keeps everything while there is room, and never more than its capacity', () => {
    const reservoir = new Reservoir<number>(3, seededRandom(1));
    for (let item = 0; item < 3; item += 1) reservoir.offer(() => item);
    expect(reservoir.items).toEqual([0, 1, 2]);
    for (let item = 3; item < 1_000; item += 1) reservoir.offer(() => item);
    expect(reservoir.items).toHaveLength(3);
    expect(reservoir.seen).toBe(1_000);
  });

  it('keeps early and late items with the same chance', () => {
    const random = seededRandom(42);
    const kept = new Array<number>(10).fill(0);
    for (let round = 0; round < 4_000; round += 1) {
      const reservoir = new Reservoir<number>(2, random);
      for (let item = 0; item < 10; item += 1) reservoir.offer(() => item);
      for (const item of reservoir.items) kept[item] = (kept[item] as number) + 1;
    }
    // 4 000 rounds × 2/10 = 800 expected, with a standard deviation of 25
    for (const count of kept) expect(Math.abs(count - 800)).toBeLessThan(5 * 25);
  });
});

describe('seededRandom', () => {
  it('spreads evenly and repeats itself for the same seed', () => {
    const [one, other] = [seededRandom(5), seededRandom(5)];
    const tenths = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 10_000; draw += 1) {
      const value = one();
      expect(other()).toBe(value);
      const tenth = Math.floor(value * 10);
      tenths[tenth] = (tenths[tenth] as number) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(5 * 30);
  });
});
