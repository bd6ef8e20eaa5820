import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { definePlans, subscribe } from '@tollgate/core';
import { forgetWarnings } from '@tollgate/core/internal';
import { memoryJobs } from '@tollgate/jobs';
import { memoryKeys, type Tollgate, tollgate } from '../src/index.js';

const said: string[] = [];
let stop: () => void;
let tg: Tollgate | undefined;
beforeEach(() => {
  forgetWarnings();
  said.length = 0;
  stop = subscribe('tollgate:warning', ({ code, message }) => {
    if (code === 'TOLLGATE_W_JOBS_EXPIRE') said.push(message);
  });
});
afterEach(async () => {
  stop();
  await tg?.close();
});

const start = (spend: string, expireAfterMs?: number): void => {
  const plans = definePlans({ lite: { spend, degrade: [{ at: 0.7, defer: true }] } });
  const queue = memoryJobs();
  tg = tollgate({ keys: memoryKeys(), plans, jobs: { queue, ...(expireAfterMs && { expireAfterMs }) } });
};

describe('a plan that defers until a window ends', () => {
  it('that is longer than jobs live is warned of, by name', () => {
    start('$5/month');
    expect(said).toEqual([
      'tollgate: plan "lite" defers requests until "usd-month" has room, which may be longer than a job lives (expireAfterMs: 86400000): requests that would expire before are refused. Give jobs a longer "expireAfterMs", at most 31 days.',
    ]);
  });

  it('is fine where jobs live as long', () => {
    start('$5/day');
    start('$5/month', 31 * 86_400_000);
    expect(said).toEqual([]);
  });
});
