import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from '@jest/globals';
import { storeTimeLeft, withinDeadline } from '../../src/internal.js';

const late = (): Error => new Error('late');

describe('a deadline', () => {
  it('ends the waiting, whatever becomes of the work', async () => {
    await expect(withinDeadline(10, new Promise(() => {}), late)).rejects.toThrow('late');
    await expect(withinDeadline(1_000, Promise.resolve(1), late)).resolves.toBe(1);
    await expect(withinDeadline(1_000, Promise.reject(new Error('broken')), late)).rejects.toThrow('broken');
  });

  it('is not passed by an answer that came while the process itself stood still', async () => {
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise<string>((resolve) => port1.on('message', resolve));
    const waiting = withinDeadline(5, answer, late);
    port2.postMessage('in time');
    const untilMs = performance.now() + 50;
    while (performance.now() < untilMs) {
      // Stands still.
    }
    await expect(waiting).resolves.toBe('in time');
    port1.close();
  });

  it('of a later guard is what earlier ones have left of it, and 25 ms in any case', () => {
    expect(storeTimeLeft({ waitedForStoresMs: 0 }, 150)).toBe(150);
    expect(storeTimeLeft({ waitedForStoresMs: 80 }, 150)).toBe(95);
    expect(storeTimeLeft({ waitedForStoresMs: 400 }, 150)).toBe(25);
    expect(storeTimeLeft({ waitedForStoresMs: 400 }, 10)).toBe(10);
  });
});
