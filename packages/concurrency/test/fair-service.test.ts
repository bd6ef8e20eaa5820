import { describe, expect, it } from '@jest/globals';
import { Gate } from '../src/gate.js';
import { fixedLimit } from '../src/permit-limit.js';
import type { TurnedAway } from '../src/ticket.js';
import { quantile, seeded, simulatedTime } from './simulated-time.js';

const permits = 20;
const meanServiceMs = 100;
const perSecond = (permits * 1_000) / meanServiceMs;
const lanes = [
  { weight: 1, rank: 101, batch: false },
  { weight: 11, rank: 111, batch: false },
];

interface Traffic {
  readonly lane: number;
  readonly perSecond: number;
  readonly tenants: number;
  /** Share of the clients that leave after 50 ms. */
  readonly leaving?: number;
}

interface Seen {
  readonly latenciesMs: number[];
  readonly refusals: Map<TurnedAway, number>;
  readonly servedOf: Map<string, number>;
}

/** A server with these permits, each request of which takes 50 to 150 ms, for some simulated seconds. */
function serve(traffic: readonly Traffic[], seconds: number): { seen: Seen[]; gate: Gate } {
  const { clock, advance } = simulatedTime();
  const random = seeded(7);
  const limit = fixedLimit(permits);
  const gate = new Gate({
    lanes,
    limit,
    batchShare: 0.5,
    queueSize: 200,
    perTenant: 100,
    tenantShare: 1,
    clock,
  });
  const seen = traffic.map((): Seen => ({ latenciesMs: [], refusals: new Map(), servedOf: new Map() }));
  const untilMs = clock.now() + seconds * 1_000;
  for (const [index, { lane, perSecond: rate, tenants, leaving = 0 }] of traffic.entries()) {
    const { latenciesMs, refusals, servedOf } = seen[index] as Seen;
    const arrive = (): void => {
      if (clock.now() >= untilMs) return;
      const startMs = clock.now();
      const tenant = `${index}-${Math.floor(random() * tenants)}`;
      const ticket = gate.enter({
        lane,
        tenant,
        timeoutMs: 2_000,
        admit: (admitted) => {
          clock.after(meanServiceMs / 2 + random() * meanServiceMs, () => {
            latenciesMs.push(clock.now() - startMs);
            servedOf.set(tenant, (servedOf.get(tenant) ?? 0) + 1);
            gate.end(admitted);
          });
        },
        turnAway: (reason) => refusals.set(reason, (refusals.get(reason) ?? 0) + 1),
      });
      if (random() < leaving) clock.after(50, () => ticket.state === 'waiting' && gate.end(ticket));
      clock.after((-Math.log(1 - random()) * 1_000) / rate, arrive);
    };
    arrive();
  }
  advance(seconds * 1_000 + 10_000);
  return { seen, gate };
}

const paying: Traffic = { lane: 1, perSecond: perSecond * 0.25, tenants: 5 };
const flood: Traffic = { lane: 0, perSecond: perSecond * 10, tenants: 50 };

describe('paying traffic beside ten times as much free traffic as the permits can serve', () => {
  const alone = serve([paying], 60).seen[0] as Seen;
  const { seen, gate } = serve([paying, flood], 60);
  const [payers, free] = seen as [Seen, Seen];

  it('has a p95 within 1.2 of what it is alone', () => {
    expect(alone.latenciesMs.length).toBeGreaterThan(2_000);
    const ratio = quantile(payers.latenciesMs, 0.95) / quantile(alone.latenciesMs, 0.95);
    expect(ratio).toBeLessThan(1.2);
  });

  it('is never refused', () => {
    expect([...payers.refusals]).toEqual([]);
  });

  it('leaves the free traffic what it does not need, all tenants alike', () => {
    const served = free.latenciesMs.length / 60;
    expect(served).toBeGreaterThan(perSecond * 0.7);
    const counts = [...free.servedOf.values()];
    expect(counts).toHaveLength(50);
    expect(Math.max(...counts) / Math.min(...counts)).toBeLessThan(1.3);
  });

  it('leaves no request in the queue and no permit taken', () => {
    expect([gate.running, gate.waiting]).toEqual([0, 0]);
  });
});

describe('free traffic beside paying traffic that alone would take every permit', () => {
  it('still moves, at its weight', () => {
    const greedy: Traffic = { lane: 1, perSecond: perSecond * 3, tenants: 5 };
    const [payers, free] = serve([greedy, flood], 30).seen as [Seen, Seen];
    const share = free.latenciesMs.length / (free.latenciesMs.length + payers.latenciesMs.length);
    expect(share).toBeGreaterThan(0.07);
    expect(share).toBeLessThan(0.1);
  });
});

describe('clients that leave while they wait', () => {
  it('take nothing from those who stay', () => {
    const rate = perSecond * 1.5;
    const staying: Traffic = { lane: 0, perSecond: rate, tenants: 10 };
    const leavers: Traffic = { lane: 0, perSecond: rate, tenants: 10, leaving: 1 };
    const { seen, gate } = serve([staying, leavers], 30);
    const served = seen.map(({ latenciesMs }) => latenciesMs.length);
    const total = (served[0] ?? 0) + (served[1] ?? 0);
    expect(total / 30).toBeGreaterThan(perSecond * 0.97);
    expect([gate.running, gate.waiting]).toEqual([0, 0]);
  });
});
