import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { memoryJobs } from '../src/index.js';
import type { Job } from '../src/job.js';

describe('memoryJobs() whose clock is ahead of that of the windows', () => {
  it('tries a job that is due again at once with the next search only, and lets timers fire', async () => {
    const queue = memoryJobs({ pollMs: 10, now: () => 2_000 });
    const job: Job = {
      id: 'a',
      caller: { id: 'k', tenant: 'acme', plan: 'free', scopes: [], labels: {} },
      ...{ createdAtMs: 0, expiresAtMs: 1e15, keepMs: 1_000, dueAtMs: 1_000, tries: 0, cutOff: 0 },
    };
    let tries = 0;
    queue.start(
      async (due) => {
        tries += 1;
        return due;
      },
      { concurrency: 1, keepMs: 1_000 },
    );
    await queue.add(job);
    const beforeMs = performance.now();
    await delay(50);
    expect(tries).toBeGreaterThan(1);
    expect(tries).toBeLessThanOrEqual(Math.ceil((performance.now() - beforeMs) / 10) + 2);
    await queue.close();
  });
});
