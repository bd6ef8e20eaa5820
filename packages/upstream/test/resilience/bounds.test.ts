import { describe, expect, it } from '@jest/globals';
import { LatencySample } from '../../src/lib/latency-sample.js';
import { RecentMap } from '../../src/lib/recent-map.js';
import { backoffMs } from '../../src/resilience/backoff.js';
import { RetryBudget } from '../../src/resilience/retry-budget.js';

describe('the wait before a retry', () => {
  it('lies anywhere below a bound that doubles up to its maximum', () => {
    const bounds = { baseMs: 100, maxMs: 1_000 };
    const most = (failures: number) => backoffMs(bounds, failures, 0.999_999);
    expect([1, 2, 3, 4, 5, 50].map(most)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(backoffMs(bounds, 3, 0)).toBe(0);
    expect(backoffMs(bounds, 3, 0.5)).toBe(200);
  });
});

describe('the retry budget', () => {
  it('gives ten retries at once, and then a share of the calls that are made', () => {
    const budget = new RetryBudget(0.25);
    const spent = (tries: number) =>
      Array.from({ length: tries }, () => budget.spend()).filter(Boolean).length;
    expect(spent(20)).toBe(10);
    for (let call = 0; call < 8; call += 1) budget.earn();
    expect(spent(20)).toBe(2);
    for (let call = 0; call < 1_000; call += 1) budget.earn();
    expect(spent(50)).toBe(10);
  });

  it('of nothing gives none', () => {
    expect(new RetryBudget(0).spend()).toBe(false);
  });
});

describe('what is remembered by names that clients choose', () => {
  it('is bounded, and keeps what was used last', () => {
    const map = new RecentMap<{ name: string }>(4, (name) => ({ name }));
    const kept = map.get('kept');
    for (let index = 0; index < 100; index += 1) {
      map.get(`random-${index}`);
      expect(map.get('kept')).toBe(kept);
    }
    expect(map.peek('random-0')).toBeUndefined();
    expect(map.peek('random-99')).toBeDefined();
  });
});

describe('the slowest twentieth', () => {
  it('is known after twenty answers, and follows the last ones', () => {
    const sample = new LatencySample();
    for (let ms = 1; ms < 20; ms += 1) sample.add(ms);
    expect(sample.p95Ms).toBeUndefined();
    sample.add(20);
    expect(sample.p95Ms).toBe(19);
    for (let index = 0; index < 256; index += 1) sample.add(500);
    expect(sample.p95Ms).toBe(500);
  });
});
