import { describe, expect, it } from '@jest/globals';
import { createManualClock } from '../src/index.js';

describe('a manual clock', () => {
  it('moves only when told to', () => {
    const { now, advance, set } = createManualClock(1000);
    expect(now()).toBe(1000);
    advance(5);
    expect(now()).toBe(1005);
    set(900);
    expect(now()).toBe(900);
  });

  it('fires due timers in order, each at its own time', () => {
    const clock = createManualClock(0);
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name}@${clock.now()}`);
    clock.setTimeout(note('late'), 30);
    clock.setTimeout(() => {
      note('early')();
      clock.setTimeout(note('nested'), 5);
    }, 10);
    const cancelled = clock.setTimeout(note('never'), 20);
    clock.clearTimeout(cancelled);
    clock.advance(29);
    expect(fired).toEqual(['early@10', 'nested@15']);
    expect(clock.pendingTimers).toBe(1);
    clock.set(100);
    expect(fired.at(-1)).toBe('late@30');
    expect(clock.now()).toBe(100);
  });

  it('repeats an interval until it is cleared', () => {
    const clock = createManualClock(0);
    let ticks = 0;
    const timer = clock.setInterval(() => {
      ticks += 1;
    }, 10);
    clock.advance(35);
    clock.clearInterval(timer);
    clock.advance(100);
    expect(ticks).toBe(3);
  });

  it('fires nothing when it steps back, and refuses to advance by less than nothing', () => {
    const clock = createManualClock(100);
    let fired = 0;
    clock.setTimeout(() => {
      fired += 1;
    }, 10);
    clock.set(0);
    clock.advance(109);
    expect(fired).toBe(0);
    clock.advance(1);
    expect(fired).toBe(1);
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => clock.setInterval(() => undefined, 0)).toThrow(RangeError);
  });
});
