import { expect, it } from '@jest/globals';
import { memoryQuota, type QuotaStore } from '@tollgate/core';
import { newId, type ReserveRequest } from '@tollgate/core/internal';
import { createManualClock } from '@tollgate/testkit';
import { playTrace, traces } from '@tollgate/testkit/contracts';
import fc from 'fast-check';
import { RefusalMemory } from '../src/quota/refusal-memory.js';

const rememberMs = 5_000;
const long = process.env.TOLLGATE_LONG === '1';
const run = { numRuns: long ? 10_000 : 250, ...(long ? {} : { seed: 20_261_121 }) };

interface Correction {
  readonly process: number;
  readonly counter: string;
  readonly atMs: number;
}

/** Two processes with memories of their own on one store; each reservation belongs to one of them. */
function sharedStore() {
  const clock = createManualClock(Date.parse('2026-11-21T23:58:30.123Z'));
  const shared = memoryQuota({ now: clock.now });
  const corrections: Correction[] = [];
  let asked = 0;
  const behind = (process: number): QuotaStore => ({
    reserve: (request) => {
      asked += 1;
      return shared.reserve(request);
    },
    extend: (request) => shared.extend(request),
    cover: (request) => shared.cover(request),
    charge: async (request) => {
      const result = await shared.charge(request);
      if (result.outcome === 'adjusted') {
        for (const { counter } of request.items) corrections.push({ process, counter, atMs: clock.now() });
      }
      return result;
    },
    renew: (request) => shared.renew(request),
    close: (request) => shared.close(request),
    read: (partition, counters) => shared.read(partition, counters),
    end: () => shared.end(),
  });
  const memory = (process: number) => new RefusalMemory(behind(process), { rememberMs, now: clock.now });
  const processes = [memory(0), memory(1)] as const;
  const ownerOf = (id: string) => processes[Number.parseInt(id.slice(-12, -6), 10) % 2 === 0 ? 0 : 1];
  const store: QuotaStore = {
    reserve: (request) => ownerOf(request.id).reserve(request),
    extend: (request) => ownerOf(request.id).extend(request),
    cover: (request) => ownerOf(request.id).cover(request),
    charge: (request) => ownerOf(request.id).charge(request),
    renew: (request) => ownerOf(request.id).renew(request),
    close: (request) => ownerOf(request.id).close(request),
    read: (partition, counters) => shared.read(partition, counters),
    end: () => shared.end(),
  };
  const advance = (ms: number): void => clock.advance(ms);
  const underTest = { store, now: clock.now, advance, events: async () => [] };
  /** Whether another process has corrected a counter of the request, so lately that this one may not know. */
  const corrected = (byOther: number, { alternatives }: ReserveRequest): boolean =>
    corrections.some(
      ({ process, counter, atMs }) =>
        process === byOther &&
        clock.now() - atMs < rememberMs &&
        alternatives.some(({ charges }) => charges.some((charge) => charge.counter === counter)),
    );
  return { underTest, processes, shared, corrected, asked: () => asked };
}

it(
  'a remembered refusal keeps nothing out that the store would let in, but for corrections of other processes in the last five seconds',
  async () => {
    const seen = { remembered: 0, asked: 0 };
    await fc.assert(
      fc.asyncProperty(traces, async (trace) => {
        const { underTest, processes, shared, corrected, asked } = sharedStore();
        /** What has been asked lately is asked anew by both processes, after whatever happens. */
        const lately: ReserveRequest[] = [];
        const askAnew = async (process: 0 | 1, asking: ReserveRequest): Promise<void> => {
          const before = asked();
          const request = { ...asking, id: newId() };
          const answer = await processes[process].reserve(request);
          const remembered = asked() === before;
          seen[remembered ? 'remembered' : 'asked'] += 1;
          if (remembered) {
            expect(answer.ok).toBe(false);
            const { ok } = await shared.reserve(request);
            if (ok) expect(corrected(1 - process, request)).toBe(true);
          }
          await shared.close(request);
        };
        await playTrace(underTest, trace, {
          afterEach: async ({ does, request }) => {
            if (does === 'reserve') lately.unshift(request);
            for (const one of lately.slice(0, 4)) {
              await askAnew(0, one);
              await askAnew(1, one);
            }
          },
        });
        await shared.end();
      }),
      run,
    );
    expect(seen.remembered).toBeGreaterThan(run.numRuns / 4);
    expect(seen.asked).toBeGreaterThan(run.numRuns);
  },
  long ? 3_600_000 : 60_000,
);
