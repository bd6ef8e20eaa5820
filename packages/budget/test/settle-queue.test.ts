import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { SettleQueue, type SettleQueueOptions } from '../src/settle-queue.js';
import type { Settlement } from '../src/settlement.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-spool-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A charge of that attempt, as much of it as a queue looks at. */
const chargeOf = (attemptId: string): Settlement => ({
  kind: 'charge',
  request: { id: 'r', attemptId } as never,
});
const closeOf = (id: string): Settlement => ({ kind: 'close', request: { id, partition: 'acme' } });
const nameOf = ({ kind, request }: Settlement): string =>
  kind === 'charge' ? request.attemptId : request.id;

/** A queue whose clock and timers are the test's, before a store that is away until it is told otherwise. */
function queueOn(options: Partial<SettleQueueOptions> = {}) {
  let nowMs = 0;
  const timers: { run: () => void; dueMs: number }[] = [];
  const store = { away: true, tries: 0, settled: [] as string[] };
  const queue = new SettleQueue({
    settle: async (settlement) => {
      store.tries += 1;
      if (store.away) throw new Error('away');
      store.settled.push(nameOf(settlement));
    },
    most: 100,
    leaseMs: 60_000,
    later: (run, ms) => timers.push({ run, dueMs: nowMs + ms }),
    now: () => nowMs,
    ...options,
  });
  /** Lets so much time pass, and everything that it brings about happen. */
  const pass = async (ms: number): Promise<void> => {
    const untilMs = nowMs + ms;
    for (;;) {
      timers.sort((a, b) => a.dueMs - b.dueMs);
      const [next] = timers;
      if (!next || next.dueMs > untilMs) break;
      timers.shift();
      nowMs = next.dueMs;
      next.run();
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    nowMs = untilMs;
  };
  return { queue, store, pass };
}

describe('settlements that the store does not take', () => {
  it('wait for as long as it is away, an hour here, and come to it in order within two seconds of its return', async () => {
    const { queue, store, pass } = queueOn();
    for (const attempt of ['a', 'b', 'c']) await queue.run(chargeOf(attempt));
    await pass(3_600_000);
    expect(queue.size).toBe(3);
    expect(store.tries).toBeGreaterThan(3 * 12);
    store.away = false;
    await pass(2_000);
    expect(store.settled).toEqual(['a', 'b', 'c']);
    expect(queue.size).toBe(0);
    expect(queue.lost).toBe(0);
  });

  it('are tried soon when another one has come through', async () => {
    const { queue, store, pass } = queueOn();
    await queue.run(chargeOf('a'));
    await pass(60_000);
    store.away = false;
    await queue.run(chargeOf('b'));
    await pass(200);
    expect(store.settled).toEqual(['b', 'a']);
  });

  it('do not wait for one that fails for itself, and are forgotten where the store takes them for malformed', async () => {
    const settled: string[] = [];
    const { queue, pass } = queueOn({
      settle: async (settlement) => {
        const name = nameOf(settlement);
        if (name === 'stuck') throw new Error('away');
        if (name === 'malformed') throw new TypeError('malformed');
        settled.push(name);
      },
    });
    for (const attempt of ['stuck', 'malformed']) await queue.run(chargeOf(attempt));
    for (const attempt of ['a', 'b']) queue.later(chargeOf(attempt));
    await pass(10_000);
    expect(settled).toEqual(['a', 'b']);
    expect({ size: queue.size, lost: queue.lost }).toEqual({ size: 1, lost: 1 });
  });

  it('are bounded: what does not fit is lost, counted and published', async () => {
    const said: unknown[] = [];
    const stop = subscribe('tollgate:settle', ({ outcome }) => said.push(outcome));
    const { queue } = queueOn({ most: 2 });
    for (const attempt of ['a', 'b', 'c', 'd']) await queue.run(chargeOf(attempt));
    stop();
    expect({ size: queue.size, isFull: queue.isFull, lost: queue.lost }).toEqual({
      size: 2,
      isFull: true,
      lost: 2,
    });
    expect(said.filter((outcome) => outcome !== 'failed')).toEqual(['full', 'lost', 'lost']);
  });

  it('are dropped without ado where they only end a reservation whose lease has passed', async () => {
    const { queue, store, pass } = queueOn();
    await queue.run(closeOf('r1'));
    await pass(70_000);
    expect({ size: queue.size, lost: queue.lost, settled: store.settled }).toEqual({
      size: 0,
      lost: 0,
      settled: [],
    });
  });
});

describe('a spool', () => {
  it('brings to the store what an earlier process could not, once, and nothing that it could', async () => {
    const spool = join(folder, 'deep', 'spool.jsonl');
    const first = queueOn({ spool });
    for (const attempt of ['a', 'b', 'c']) await first.queue.run(chargeOf(attempt));
    await first.queue.run(closeOf('r1'));
    first.store.away = false;
    await first.queue.run(chargeOf('d'));
    await first.queue.drain(0);
    expect(readFileSync(spool, 'utf8')).toContain('"attemptId":"a"');

    const second = queueOn({ spool });
    expect(second.queue.size).toBe(3);
    await second.pass(0);
    expect(second.store.tries).toBe(3);
    second.store.away = false;
    await second.pass(2_000);
    expect(second.store.settled).toEqual(['a', 'b', 'c']);
    await second.queue.drain(0);

    const third = queueOn({ spool });
    expect(third.queue.size).toBe(0);
  });

  it('keeps what came before a line that was cut off as its process ended', async () => {
    const spool = join(folder, 'spool.jsonl');
    const first = queueOn({ spool });
    for (const attempt of ['a', 'b']) await first.queue.run(chargeOf(attempt));
    await first.queue.drain(0);
    writeFileSync(spool, readFileSync(spool, 'utf8').slice(0, -10));
    expect(queueOn({ spool }).queue.size).toBe(1);
  });

  it('that cannot be read is refused at start; one that cannot be written is said, and nothing else is harmed', async () => {
    expect(() => queueOn({ spool: folder })).toThrow('EISDIR');
    const spool = join(folder, 'spool.jsonl');
    const said: unknown[] = [];
    const stop = subscribe('tollgate:fault', ({ source }) => {
      // Channels are the process's: stores of other tests may speak on them too.
      if (source !== 'quota-store') said.push(source);
    });
    const { queue, store, pass } = queueOn({ spool });
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    await queue.run(chargeOf('a'));
    await queue.drain(0);
    stop();
    expect(said).toEqual(['settle-spool']);
    store.away = false;
    await pass(2_000);
    expect(store.settled).toEqual(['a']);
  });
});
