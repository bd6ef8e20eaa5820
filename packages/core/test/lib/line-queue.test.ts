import { describe, expect, it } from '@jest/globals';
import { LineQueue } from '../../src/lib/line-queue.js';

/** A queue whose writes are answered one by one. */
function open() {
  const batches: (readonly string[])[] = [];
  const failures: unknown[] = [];
  let answer: { written(): void; failed(error: Error): void } | undefined;
  const queue = new LineQueue<string>(
    (batch) => {
      batches.push(batch);
      return new Promise((resolve, reject) => {
        answer = { written: resolve, failed: reject };
      });
    },
    (error, batch) => failures.push([String(error), batch]),
  );
  const begun = async () => {
    for (let turn = 0; turn < 5; turn += 1) await undefined;
  };
  return {
    queue,
    batches,
    failures,
    begun,
    written: () => answer?.written(),
    fail: () => answer?.failed(new Error('full')),
  };
}

describe('a queue of lines', () => {
  it('writes those of one turn together, and those that come meanwhile with the next write', async () => {
    const { queue, batches, begun, written } = open();
    queue.add('a');
    const drained = queue.drain();
    queue.add('b');
    await begun();
    queue.add('c');
    expect(queue.drain()).toBe(drained);
    expect(queue.size).toBe(1);
    written();
    await begun();
    written();
    await expect(drained).resolves.toBe(true);
    expect(batches).toEqual([['a', 'b'], ['c']]);
  });

  it('writes once more where that is asked for during a write, though nothing came', async () => {
    const { queue, batches, begun, written } = open();
    queue.add('a');
    const drained = queue.drain();
    await begun();
    void queue.drain();
    written();
    await begun();
    written();
    await expect(drained).resolves.toBe(true);
    expect(batches).toEqual([['a'], []]);
  });

  it('keeps the order and loses nothing where a write fails, and says it', async () => {
    const { queue, batches, failures, begun, written, fail } = open();
    queue.add('a');
    const first = queue.drain();
    await begun();
    queue.add('b');
    fail();
    await expect(first).resolves.toBe(false);
    expect(failures).toEqual([['Error: full', ['a']]]);
    expect(queue.size).toBe(2);
    const second = queue.drain();
    await begun();
    written();
    await expect(second).resolves.toBe(true);
    expect(batches.at(-1)).toEqual(['a', 'b']);
  });

  it('writes once where nothing waits, so that its owner can do what must not happen during a write', async () => {
    const { queue, batches, begun, written } = open();
    const drained = queue.drain();
    await begun();
    written();
    await expect(drained).resolves.toBe(true);
    expect(batches).toEqual([[]]);
  });
});
