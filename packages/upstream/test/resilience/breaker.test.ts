import { describe, expect, it } from '@jest/globals';
import { Breaker } from '../../src/resilience/breaker.js';

function made() {
  const said: string[] = [];
  const clock = { nowMs: 0 };
  const breaker = new Breaker(
    { threshold: 0.5, windowMs: 60_000, minimumRps: 4 / 60, openMs: 1_000 },
    { nowMs: () => clock.nowMs, changed: (open) => void said.push(open ? 'open' : 'closed') },
  );
  return { breaker, clock, said };
}

const fail = (breaker: Breaker, times: number): void => {
  for (let time = 0; time < times; time += 1) breaker.failed();
};

describe('a breaker', () => {
  it('lets calls through until more than its share of enough calls have failed', () => {
    const { breaker, said } = made();
    breaker.succeeded();
    breaker.succeeded();
    fail(breaker, 2);
    expect(breaker.admit()).toBe(true);
    fail(breaker, 1);
    expect(breaker.admit()).toBe(false);
    expect(said).toEqual(['open']);
  });

  it('takes a few failures for no sample', () => {
    const { breaker } = made();
    fail(breaker, 3);
    expect(breaker.admit()).toBe(true);
  });

  it('lets one call try when its time has come, and closes where that succeeds', () => {
    const { breaker, clock, said } = made();
    fail(breaker, 4);
    expect(breaker.waitMs).toBe(1_000);
    clock.nowMs = 999;
    expect(breaker.admit()).toBe(false);
    clock.nowMs = 1_000;
    expect([breaker.admit(), breaker.admit()]).toEqual([true, false]);
    breaker.succeeded();
    expect([breaker.admit(), breaker.admit()]).toEqual([true, true]);
    expect(said).toEqual(['open', 'closed']);
  });

  it('opens again where the trial fails, and lets another try where it said nothing or never ended', () => {
    const { breaker, clock } = made();
    fail(breaker, 4);
    clock.nowMs = 1_000;
    expect(breaker.admit()).toBe(true);
    breaker.failed();
    expect(breaker.waitMs).toBe(1_000);
    clock.nowMs = 2_000;
    expect(breaker.admit()).toBe(true);
    breaker.undecided();
    expect(breaker.admit()).toBe(true);
    expect(breaker.admit()).toBe(false);
    clock.nowMs = 3_000;
    expect(breaker.admit()).toBe(true);
  });
});
