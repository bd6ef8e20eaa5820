import { stat } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { mayHaveRun, StoreClient, type StoreState } from '../../src/internal.js';

const never = (): Promise<never> => new Promise(() => undefined);
const fails = (): never => {
  throw new Error('away');
};

/** A client with a clock of its own, and what it said of the store. */
function client(hasBreaker = false) {
  const clock = { nowMs: 0 };
  const states: StoreState[] = [];
  const failures: string[] = [];
  const made = new StoreClient(
    { hasBreaker },
    {
      deadlineMs: 5_000,
      now: () => clock.nowMs,
      failed: (operation) => failures.push(operation),
      changed: (state) => states.push(state),
    },
  );
  return { made, clock, states, failures };
}

describe('a client of a store', () => {
  it('returns at once what is there at once', () => {
    expect(client().made.run('read', () => 7)).toBe(7);
  });

  it('rejects when the store is late, and says how long it waited: the call may have run', async () => {
    const made = new StoreClient({}, { deadlineMs: 5 });
    const error: unknown = await Promise.resolve(made.run('read', never)).catch((late: unknown) => late);
    expect(String(error)).toBe('StoreDeadlineError: read: the store did not answer in 5 ms');
    expect(mayHaveRun(error)).toBe(true);
    await expect(made.run('read', never, 1)).rejects.toThrow('in 1 ms');
  });

  it('does not hold it against a store that it answered while our own event loop was blocked', async () => {
    const made = new StoreClient({}, { deadlineMs: 10 });
    const asked = new Promise((resolve, reject) => {
      // From within a callback of the poll phase, after which timers come before the next answers.
      stat('.', () => {
        const answer = () => new Promise<string>((done) => stat('.', () => done('answered')));
        Promise.resolve(made.run('read', answer)).then(resolve, reject);
        const until = Date.now() + 60;
        while (Date.now() < until);
      });
    });
    await expect(asked).resolves.toBe('answered');
  });

  it('pauses calls for a second after three failures in a row, then lets one try', async () => {
    const { made, clock, states, failures } = client();
    let calls = 0;
    const ask = (): never => {
      calls += 1;
      return fails();
    };
    for (let round = 0; round < 10; round += 1) await expect(made.run('read', ask)).rejects.toThrow();
    expect(calls).toBe(3);
    expect(failures).toEqual(['read', 'read', 'read']);
    const paused: unknown = await Promise.resolve(made.run('read', ask)).catch((error: unknown) => error);
    expect(mayHaveRun(paused)).toBe(false);
    clock.nowMs += 1_000;
    for (let round = 0; round < 5; round += 1) await expect(made.run('read', ask)).rejects.toThrow();
    expect(calls).toBe(4);
    clock.nowMs += 1_000;
    expect(made.isDown).toBe(true);
    expect(made.run('read', () => 'back')).toBe('back');
    expect(made.isDown).toBe(false);
    expect(states).toEqual(['failing', 'down', 'up']);
  });

  it('begins to count again after a success', async () => {
    const { made, states } = client();
    for (let round = 0; round < 10; round += 1) {
      await expect(made.run('read', fails)).rejects.toThrow('away');
      await expect(made.run('read', fails)).rejects.toThrow('away');
      expect(made.run('read', () => 1)).toBe(1);
    }
    expect(states).toEqual(Array(10).fill('failing'));
  });

  it('always calls a store that pauses its servers itself, and says how it does', async () => {
    const { made, states } = client(true);
    for (let round = 0; round < 10; round += 1) await expect(made.run('read', fails)).rejects.toThrow('away');
    expect(made.run('read', () => 1)).toBe(1);
    expect(states).toEqual(['failing', 'down', 'up']);
  });

  it.each([
    ['every error, a TypeError of its driver too', undefined, ['failing', 'down']],
    ['none that its user calls no failure', (error: unknown) => !(error instanceof TypeError), []],
  ])('counts %s', async (_, isFailure, expected) => {
    const states: StoreState[] = [];
    const made = new StoreClient(
      {},
      { deadlineMs: 5_000, ...(isFailure && { isFailure }), changed: (state) => states.push(state) },
    );
    const broken = (): never => {
      throw new TypeError('cannot read properties of undefined');
    };
    for (let round = 0; round < 5; round += 1) await expect(made.run('read', broken)).rejects.toThrow();
    expect(states).toEqual(expected);
  });

  it('makes a call that no request waits for even during a pause, and learns nothing from it', async () => {
    const { made, states } = client();
    for (let round = 0; round < 3; round += 1) await expect(made.run('read', fails)).rejects.toThrow('away');
    expect(made.try('read', () => 'settled')).toBe('settled');
    expect(made.isDown).toBe(true);
    await expect(made.try('read', fails)).rejects.toThrow('away');
    expect(states).toEqual(['failing', 'down']);
    // Unless its user says that it counts.
    expect(made.try('read', () => 'renewed', true)).toBe('renewed');
    expect(made.isDown).toBe(false);
  });
});
