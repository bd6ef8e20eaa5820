import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ClaimStore, memoryClaims } from '@tollgate/core';
import type { PolicyRule, Watch, WatchOptions } from '../../src/index.js';
import { publishedSolve } from '../challenge/published-solve.js';
import { appUnderWatch, probe } from './app-under-watch.js';

const policy: readonly PolicyRule[] = [
  {
    detectors: ['quota-probing'],
    minScore: 4,
    action: { do: 'challenge', forMs: 60_000, leastBits: 1, mostBits: 12 },
  },
];
let solve: (challenge: string) => string;
beforeAll(async () => {
  solve = await publishedSolve();
});

describe('a caller that is challenged', () => {
  const running: Watch[] = [];
  afterEach(() => {
    for (const one of running.splice(0)) one.end();
  });
  const start = (options: WatchOptions = {}) => {
    const app = appUnderWatch({ policy, ...options });
    running.push(app.watching);
    return app;
  };
  const challengeOf = (answer: { headers: Record<string, string> }): string =>
    answer.headers['x-tollgate-challenge'] ?? '';

  it('gets through by solving it, and not without', async () => {
    const { ask } = start();
    await ask('acme/k1').expect(200);
    probe('acme/k1', 4);
    const answer = await ask('acme/k1').expect(429);
    expect(answer.body.error.code).toBe('abnormal_usage');
    expect(answer.headers['x-should-retry']).toBe('false');
    expect(challengeOf(answer)).toMatch(/^1\.7\./);
    await ask('acme/k1', solve(challengeOf(answer))).expect(200);
    await ask('acme/k1').expect(429);
    await ask('acme/k1', 'nonsense').expect(429);
    await ask('acme/k2').expect(200);
  });

  it('cannot use a solution twice, nor another caller’s, not at the same moment either', async () => {
    const { ask } = start();
    probe('acme/k1', 4);
    probe('acme/k2', 4);
    const solution = solve(challengeOf(await ask('acme/k1')));
    await ask('acme/k2', solution).expect(429);
    const both = await Promise.all([ask('acme/k1', solution), ask('acme/k1', solution)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 429]);
    await ask('acme/k1', solution).expect(429);
  });

  it('has more to do the higher its score, also while it is challenged already', async () => {
    const { ask, measures } = start();
    const bits: number[] = [];
    for (const refusals of [20, 5, 5]) {
      probe('acme/k1', 0, refusals);
      bits.push(Number(challengeOf(await ask('acme/k1')).split('.')[1]));
    }
    expect(bits).toEqual([7, 9, 10]);
    expect(measures).toHaveLength(3);
  });

  it('cannot use easy challenges that it has collected once its score is much higher', async () => {
    const { ask } = start();
    probe('acme/k1', 0, 20);
    const easy = solve(challengeOf(await ask('acme/k1')));
    probe('acme/k1', 0, 10);
    const hard = await ask('acme/k1', easy).expect(429);
    expect(challengeOf(hard)).toMatch(/^1\.10\./);
    await ask('acme/k1', solve(challengeOf(hard))).expect(200);
  });

  it('cannot solve it late', async () => {
    let nowMs = 1_700_000_000_000;
    const { ask } = start({
      now: () => nowMs,
      policy: policy.map((rule) => ({
        ...rule,
        action: { do: 'challenge', forMs: 3_600_000, leastBits: 1 },
      })),
    });
    probe('acme/k1', 4);
    const solution = solve(challengeOf(await ask('acme/k1')));
    nowMs += 5 * 60_000;
    await ask('acme/k1', solution).expect(429);
  });

  it('may solve for one process what another has asked, once for both', async () => {
    const claims = memoryClaims();
    const [one, other] = [start({ claims }), start({ claims })];
    probe('acme/k1', 4);
    const solution = solve(challengeOf(await one.ask('acme/k1')));
    await other.ask('acme/k1', solution).expect(200);
    await one.ask('acme/k1', solution).expect(429);
  });

  it('goes on being challenged while the shared claims are away, by each process for itself', async () => {
    const away: ClaimStore = {
      claim: () => Promise.reject(new Error('away')),
      secret: () => Promise.reject(new Error('away')),
    };
    const { ask } = start({ claims: away });
    probe('acme/k1', 4);
    const solution = solve(challengeOf(await ask('acme/k1')));
    await ask('acme/k1', solution).expect(200);
    await ask('acme/k1', solution).expect(429);
  });

  it('is let in again when the time is over, and in shadow mode is never asked', async () => {
    let nowMs = 1_700_000_000_000.5;
    const { ask } = start({ now: () => nowMs });
    const dry = start({ mode: 'shadow' });
    probe('acme/k1', 4);
    const solution = solve(challengeOf(await ask('acme/k1').expect(429)));
    await ask('acme/k1', solution).expect(200);
    await dry.ask('acme/k1').expect(200);
    expect(dry.measures.map(({ outcome }) => outcome)).toEqual(['shadow']);
    nowMs += 60_000;
    await ask('acme/k1').expect(200);
  });
});
