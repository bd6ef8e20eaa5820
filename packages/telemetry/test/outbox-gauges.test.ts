import { describe, expect, it } from '@jest/globals';
import { metrics } from '../src/index.js';

describe('metrics().watch(), of an app that delivers events from Redis', () => {
  it.each([
    [{ waiting: 3, dead: 1 }, ['tollgate_outbox_waiting 3', 'tollgate_outbox_dead 1']],
    [undefined, []],
    [new Error('away'), []],
  ] as const)('shows what waits there, and nothing while that is not known: %j', async (outbox, lines) => {
    const measured = metrics();
    let asked = 0;
    const backlog = () => {
      asked += 1;
      return outbox instanceof Error ? Promise.reject(outbox) : Promise.resolve({ outbox });
    };
    measured.watch({ isReady: true, inFlight: 0, unverified: 0, fromGrace: 0, backlog });
    const scraped = async () =>
      (await measured.registry.metrics()).split('\n').filter((line) => line.startsWith('tollgate_outbox'));
    expect([await scraped(), await scraped()]).toEqual([lines, lines]);
    expect(asked).toBe(1); // both gauges, and scrapes soon after another
    measured.close();
  });
});
