import { describe, expect, it } from '@jest/globals';
import { limitFrom } from '../src/adaptive-options.js';
import type { Clock } from '../src/clock.js';
import { Gate } from '../src/gate.js';
import { quantile, seeded, simulatedTime } from './simulated-time.js';

const lanes = [{ weight: 1, rank: 101, batch: false }];

/** Waiters of the simulation stay, and cost no timer. */
const noTimeout = Number.POSITIVE_INFINITY;

interface Server {
  /** So many at once are served at full speed; more share it. */
  capacity: number;
  baseMs: number;
  /** Share of the requests that fail. */
  failing: number;
}

/** Clients that always ask for more than there is, before a server that slows down beyond its capacity. */
function simulate(
  server: Server,
  adaptive: NonNullable<Parameters<typeof limitFrom>[0]>,
  most = 500,
): { run: (seconds: number) => number[] } {
  const { clock, advance } = simulatedTime();
  const random = seeded(3);
  const patient: Clock = {
    ...clock,
    after: (ms, callback) => (ms === noTimeout ? () => undefined : clock.after(ms, callback)),
  };
  const { limit } = limitFrom(adaptive, most);
  const gate = new Gate({
    lanes,
    limit,
    batchShare: 0.5,
    queueSize: 5_000,
    perTenant: 5_000,
    tenantShare: 1,
    clock: patient,
  });
  const ask = (): void => {
    gate.enter({
      lane: 0,
      tenant: 'load',
      timeoutMs: noTimeout,
      admit: (ticket) => {
        const slowdown = Math.max(1, gate.running / server.capacity);
        const latencyMs = server.baseMs * slowdown * (0.7 + 0.6 * random());
        clock.after(latencyMs, () => {
          limit.sample(
            { latencyMs, failed: random() < server.failing, running: ticket.running },
            clock.now(),
          );
          gate.end(ticket);
          ask();
        });
      },
      turnAway: () => undefined,
    });
  };
  for (let client = 0; client < most + 10; client += 1) ask();
  const run = (seconds: number): number[] =>
    Array.from({ length: seconds }, () => {
      advance(1_000);
      return limit.value;
    });
  return { run };
}

describe('a limit that follows latency', () => {
  it.each([10, 40, 80])('settles near a capacity of %i, from either side, and stays there', (capacity) => {
    for (const initial of [5, 400]) {
      const { run } = simulate({ capacity, baseMs: 200, failing: 0 }, { initial });
      run(600);
      const settled = run(600);
      expect(quantile(settled, 0.1)).toBeGreaterThanOrEqual(capacity * 0.7);
      expect(quantile(settled, 0.9)).toBeLessThanOrEqual(capacity * 1.7 + 6);
    }
  });

  it('follows a server that becomes smaller, and one that becomes larger', () => {
    const server = { capacity: 80, baseMs: 200, failing: 0 };
    const { run } = simulate(server, true);
    const before = quantile(run(600).slice(-200), 0.5);
    server.capacity = 20;
    const small = quantile(run(600).slice(-200), 0.5);
    server.capacity = 80;
    const after = quantile(run(900).slice(-200), 0.5);
    expect(small).toBeLessThan(before / 2);
    expect(after).toBeGreaterThan(before * 0.8);
  });

  it('does not take a provider that became slower for one that is overloaded, for good', () => {
    const server = { capacity: 80, baseMs: 200, failing: 0 };
    const { run } = simulate(server, true);
    const before = quantile(run(600).slice(-200), 0.5);
    server.baseMs = 600;
    const after = quantile(run(900).slice(-200), 0.5);
    expect(after).toBeGreaterThan(before * 0.7);
  });

  it.each(['gradient', 'aimd'] as const)('backs off when failures rise, and comes back (%s)', (algorithm) => {
    const server = { capacity: 60, baseMs: 200, failing: 0 };
    const { run } = simulate(server, { algorithm, slowMs: 400 });
    const before = quantile(run(600).slice(-200), 0.5);
    server.failing = 0.4;
    const during = run(60).at(-1) ?? 0;
    server.failing = 0;
    const after = quantile(run(600).slice(-200), 0.5);
    expect(during).toBeLessThan(before / 4);
    expect(after).toBeGreaterThan(before * 0.8);
  });

  it('settles where latency is what it may be (aimd)', () => {
    const { run } = simulate({ capacity: 60, baseMs: 200, failing: 0 }, { algorithm: 'aimd', slowMs: 400 });
    run(600);
    const settled = quantile(run(300), 0.5);
    expect(settled).toBeGreaterThan(90);
    expect(settled).toBeLessThan(135);
  });

  it('stays within its bounds, whatever happens', () => {
    const server = { capacity: 1_000, baseMs: 50, failing: 0 };
    const { run } = simulate(server, { min: 8, initial: 10 }, 100);
    expect(Math.max(...run(300))).toBe(100);
    server.failing = 1;
    expect(Math.min(...run(300))).toBe(8);
  });

  it('is not moved by a few failures, nor by a quiet hour', () => {
    const { limit } = limitFrom({ initial: 50 }, 100);
    let nowMs = 0;
    for (let request = 0; request < 5_000; request += 1) {
      nowMs += 700;
      limit.sample({ latencyMs: 100, failed: request % 20 === 0, running: 1 }, nowMs);
    }
    expect(limit.value).toBe(50);
  });
});
