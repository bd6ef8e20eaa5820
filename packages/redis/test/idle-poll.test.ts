import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { IdlePoll } from '../src/outbox/idle-poll.js';

describe('a poll', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('waits up to five times as long while there is nothing to do, and no longer once there is', async () => {
    const begunMs = Date.now();
    const atMs: number[] = [];
    let hasWork = false;
    const poll = new IdlePoll(200, async () => {
      atMs.push(Date.now() - begunMs);
      return hasWork;
    });
    await jest.advanceTimersByTimeAsync(4_500);
    expect(atMs).toEqual([200, 600, 1_400, 2_400, 3_400, 4_400]);
    hasWork = true;
    await jest.advanceTimersByTimeAsync(1_400);
    expect(atMs.slice(6)).toEqual([5_400, 5_600, 5_800]);
    poll.end();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(atMs).toHaveLength(9);
  });

  it('does not begin again when it is ended while it works', async () => {
    let done: (worked: boolean) => void = () => undefined;
    let rounds = 0;
    const poll = new IdlePoll(100, () => {
      rounds += 1;
      return new Promise((resolve) => {
        done = resolve;
      });
    });
    await jest.advanceTimersByTimeAsync(100);
    poll.end();
    done(true);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(rounds).toBe(1);
  });
});
