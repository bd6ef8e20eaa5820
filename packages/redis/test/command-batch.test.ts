import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { Circuit } from '../src/connection/circuit.js';
import { CommandBatches } from '../src/script/command-batch.js';

const deadlineMs = 100;
const never = new Promise<unknown>(() => undefined);

function server() {
  const changes: boolean[] = [];
  const circuit = new Circuit(
    () => performance.now(),
    (isOpen) => changes.push(isOpen),
  );
  return { circuit, changes, batches: new CommandBatches(deadlineMs) };
}

const faultOf = (reply: Promise<unknown>): Promise<unknown> =>
  reply.then(
    (value) => ({ value }),
    ({ fault, operation, mayHaveRun }) => ({ fault, operation, mayHaveRun }),
  );

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('the commands of a turn', () => {
  it('share one deadline: each that is not answered by then is rejected, and reported once', async () => {
    const { circuit, batches, changes } = server();
    const reported: unknown[] = [];
    const stop = subscribe('tollgate:fault', ({ operation, fault }) => reported.push([operation, fault]));
    const batch = batches.enterFor('reserve', circuit);
    let arrive: (value: unknown) => void = () => undefined;
    const late = new Promise<unknown>((resolve) => {
      arrive = resolve;
    });
    const replies = [
      faultOf(batches.enterFor('charge', circuit).reply('charge', never)),
      faultOf(batch.reply('close', late)),
    ];
    expect(batches.enter(circuit)).toBe(batch);
    expect(batch.signal.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(deadlineMs + 1);
    arrive('too late');
    expect(await Promise.all(replies)).toEqual([
      { fault: 'deadline', operation: 'charge', mayHaveRun: true },
      { fault: 'deadline', operation: 'close', mayHaveRun: true },
    ]);
    stop();
    expect(batch.signal.aborted).toBe(true);
    expect(changes).toEqual([true]);
    expect(reported).toEqual([
      ['charge', 'deadline'],
      ['close', 'deadline'],
    ]);
  });

  it('do not speak against a server that has answered one of them', async () => {
    const { circuit, batches, changes } = server();
    const batch = batches.enterFor('reserve', circuit);
    const replies = [batch.reply('reserve', Promise.resolve(1)), faultOf(batch.reply('charge', never))];
    await jest.advanceTimersByTimeAsync(deadlineMs + 1);
    expect(await Promise.all(replies)).toEqual([1, expect.objectContaining({ fault: 'deadline' })]);
    expect(changes).toEqual([]);
  });

  it('leave no timer when all are answered', async () => {
    const { circuit, batches } = server();
    const batch = batches.enterFor('reserve', circuit);
    await Promise.all([batch.reply('reserve', Promise.resolve()), batch.reply('charge', Promise.resolve())]);
    await jest.advanceTimersByTimeAsync(0);
    expect(jest.getTimerCount()).toBe(0);
    expect(batch.signal.aborted).toBe(false);
  });

  it('are not those of the next turn', async () => {
    const { circuit, batches } = server();
    const first = batches.enter(circuit);
    await jest.advanceTimersByTimeAsync(0);
    expect(batches.enter(circuit)).not.toBe(first);
  });

  it('are not sent while calls to the server are paused', async () => {
    const { circuit, batches } = server();
    const errors = Array.from({ length: 5 }, () => Promise.reject(new Error('the socket closed')));
    const batch = batches.enterFor('charge', circuit);
    const told = await Promise.all(errors.map((error) => faultOf(batch.reply('charge', error))));
    expect(told).toEqual(Array(5).fill({ fault: 'connection', operation: 'charge', mayHaveRun: true }));
    // The server counts as silent since its first failure; the first call after the deadline tries it.
    await jest.advanceTimersByTimeAsync(deadlineMs);
    expect(batches.enter(circuit)).toBeUndefined();
    expect(() => batches.enterFor('charge', circuit)).toThrow('(breaker)');
  });

  it.each([
    ['OOM command not allowed', false],
    ['ERR the script failed', true],
  ])('tell what the server answered: %s', async (message, mayHaveRun) => {
    const { circuit, batches } = server();
    const reply = batches.enterFor('charge', circuit).reply('charge', Promise.reject(new Error(message)));
    expect(await faultOf(reply)).toEqual({ fault: 'answer', operation: 'charge', mayHaveRun });
  });
});
