import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { QuotaTenant, usageEvent } from '@tollgate/testkit/contracts';
import { memoryQuota, subscribe, type UsageEvent } from '../../src/index.js';
import { forgetWarnings, newId } from '../../src/internal.js';
import { UsageOutbox } from '../../src/quota/usage-outbox.js';

let faults: Readonly<Record<string, unknown>>[] = [];
let stop = (): void => undefined;

beforeEach(() => {
  faults = [];
  // Channels are the process's: other tests' stores may speak on them too.
  stop = subscribe('tollgate:fault', (facts) => {
    if (facts.source === 'usage-sink') faults.push(facts);
  });
  forgetWarnings();
});

afterEach(() => {
  stop();
});

/** Charges one attempt in a store with this sink; returns its event's id. */
async function chargeOne(store: ReturnType<typeof memoryQuota>): Promise<{ id: string; recorded: boolean }> {
  const tenant = new QuotaTenant(store);
  const event = usageEvent();
  const { recorded } = await tenant.charge(newId(), [], { event });
  return { id: event.eventId, recorded };
}

describe('usage events', () => {
  it('are left to the caller where the store has no sinks', async () => {
    const store = memoryQuota();
    expect((await chargeOne(store)).recorded).toBe(false);
    await store.end();
  });

  it('reach every sink, in order', async () => {
    const written: string[][] = [[], []];
    const sinks = written.map((list) => ({ write: (event: UsageEvent) => void list.push(event.eventId) }));
    const store = memoryQuota({ sinks });
    const sent: string[] = [];
    for (let count = 0; count < 100; count += 1) sent.push((await chargeOne(store)).id);
    expect(written).toEqual([sent, sent]);
    await store.end();
  });

  it('are tried again when a sink fails, and the failure is published and warned of once', async () => {
    const warnings: unknown[] = [];
    const stopListening = subscribe('tollgate:warning', ({ code }) => warnings.push(code));
    const written: string[] = [];
    let failures = 2;
    const store = memoryQuota({
      sinks: [
        {
          write: async (event) => {
            failures -= 1;
            if (failures >= 0) throw new RangeError('disk full');
            written.push(event.eventId);
          },
        },
      ],
    });
    const { id, recorded } = await chargeOne(store);
    expect(recorded).toBe(true);
    await store.end();
    stopListening();
    expect(written).toEqual([id]);
    expect(faults).toMatchObject([
      { source: 'usage-sink', what: 'write', eventId: id, final: false, error: 'RangeError' },
      { eventId: id, final: false },
    ]);
    expect(warnings).toEqual(['TOLLGATE_W_SINK_FAILED']);
  });

  it('are given up after five attempts, without harm to the next event', async () => {
    const written: string[] = [];
    const [broken, good] = [usageEvent(), usageEvent()];
    const sink = {
      write: ({ eventId }: UsageEvent): void => {
        if (eventId === broken.eventId) throw new Error('never');
        written.push(eventId);
      },
    };
    const outbox = new UsageOutbox([sink], [1, 1, 1, 1]);
    outbox.put(broken);
    outbox.put(good);
    await outbox.flush();
    expect(written).toEqual([good.eventId]);
    expect(faults.map(({ final }) => final)).toEqual([false, false, false, false, true]);
  });

  it('of slow sinks are all written before the store has ended', async () => {
    let written = 0;
    let flushed = false;
    const store = memoryQuota({
      sinks: [
        {
          write: async () => {
            await new Promise((resolve) => setImmediate(resolve));
            written += 1;
          },
          flush: async () => {
            flushed = written === 500;
          },
        },
      ],
    });
    for (let count = 0; count < 500; count += 1) await chargeOne(store);
    await Promise.all([store.end(), store.end()]);
    expect(written).toBe(500);
    expect(flushed).toBe(true);
  });

  it('of attempts that are still running are written as uncertain when the store ends', async () => {
    const written: UsageEvent[] = [];
    const store = memoryQuota({ sinks: [{ write: (event) => void written.push(event) }] });
    const tenant = new QuotaTenant(store);
    const event = usageEvent();
    const alternatives = [{ charges: [], event }];
    await tenant.reserve([], { attemptId: event.eventId, alternatives });
    await store.end();
    expect(written).toMatchObject([{ eventId: event.eventId, uncertain: true }]);
  });
});
