import { describe, expect, it } from '@jest/globals';
import { attempt, dayMs, minuteMs } from '../detectors/events.js';
import { appUnderWatch } from './app-under-watch.js';

const policy = [
  { detectors: ['slow-rise'], minScore: 4, action: { do: 'limit', times: 1.5, forMs: dayMs } },
] as const;

describe('a caller that is limited to its usual', () => {
  it('may do one and a half times as much as in its busiest hour, and has to wait for more', async () => {
    let nowMs = 0;
    const { ask, watching, measures } = appUnderWatch({ policy, now: () => nowMs });
    const day = (number: number, requests: number): void => {
      for (let one = 0; one < requests; one += 1) {
        nowMs = number * dayMs + Math.floor((one * dayMs) / requests);
        watching.sink.write(attempt({ promptHash: `${number} ${one}` }));
      }
    };
    for (let number = 0; number < 10; number += 1) day(number, 96);
    await ask('acme/k1').expect(200);
    for (let number = 10; number < 13; number += 1) day(number, 400);
    const limited = measures.find(({ action }) => action.do === 'limit');
    expect(limited?.target).toMatchObject({ kind: 'key', name: 'k1' });

    const answer = await ask('acme/k1').expect(429);
    expect(answer.body.error).toMatchObject({ code: 'abnormal_usage' });
    expect(answer.body.error.message).toContain('its usual requests and spending');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    await ask('globex/k2').expect(200);

    // What it is used to passes again once the day's sum is back.
    nowMs += 26 * 60 * minuteMs;
    day(Math.floor(nowMs / dayMs) + 1, 40);
    await ask('acme/k1').expect(200);
    await watching.end();
  });
});

describe('notices', () => {
  it('of one detector do not hide those of another', async () => {
    let nowMs = 0;
    const { watching } = appUnderWatch({
      now: () => nowMs,
      budgetOf: () => ({ cap: 50, used: 40, startMs: 0, endMs: 30 * dayMs }),
    });
    for (let number = 0; number < 6; number += 1) {
      for (let one = 0; one < 96; one += 1) {
        nowMs = number * dayMs + one * 15 * minuteMs;
        watching.sink.write(attempt({ promptHash: `${number} ${one}` }));
      }
    }
    for (let one = 0; one < 120; one += 1) {
      nowMs += 5 * minuteMs;
      watching.sink.write(attempt({ usd: 0.06, promptHash: `dear ${one}` }));
    }
    const caller = { id: 'k1', keyId: 'k1', tenant: 'acme', plan: 'pro', scopes: [], labels: {} };
    const detectors = new Set(watching.tagsOf(caller).map(({ detector }) => detector));
    expect([...detectors]).toEqual(expect.arrayContaining(['burn-rate', 'cost']));
    const burn = watching.tagsOf(caller).find(({ detector }) => detector === 'burn-rate');
    expect(burn?.reachedAtMs).toBeGreaterThan(nowMs - dayMs);
    expect(burn?.reachedWithinMs).toBeGreaterThan(0);
    await watching.end();
  });
});
