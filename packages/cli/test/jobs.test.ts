import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@tollgate/core/internal';
import { bullJobs } from '@tollgate/jobs';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import { Queue, Worker } from 'bullmq';
import { terminal } from './terminal.js';

let redis: RedisProcess;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

describe('tollgate jobs', () => {
  it('lists deferred requests of all tenants, or of one, without their prompts', async () => {
    const connection = { host: '127.0.0.1', port: redis.port };
    const queue = bullJobs({
      queue: new Queue('later', { connection }),
      worker: (run, options) => new Worker('later', run, { ...options, connection }),
    });
    const nowMs = Date.now();
    for (const tenant of ['acme', 'acme', 'globex']) {
      await queue.add({
        ...{ id: newId(), createdAtMs: nowMs, expiresAtMs: nowMs + 86_400_000, keepMs: 60_000 },
        ...{ dueAtMs: nowMs + 3_600_000, tries: 0, cutOff: 0 },
        caller: { id: 'k1', keyId: 'k1', tenant, plan: 'free', scopes: [], labels: {} },
        request: { method: 'POST', url: '/', headers: {}, body: '{"prompt":"private words"}' },
      });
    }
    await queue.close();
    const { tollgate, json } = terminal({ REDIS_URL: redis.url });
    const all = await json('jobs', '--queue', 'later');
    expect(all.map(({ tenant }: { tenant: string }) => tenant).sort()).toEqual(['acme', 'acme', 'globex']);
    expect(all[0]).toMatchObject({ key_id: 'k1', plan: 'free', state: 'waits or runs', tries: 0 });
    expect(await json('jobs', '--queue', 'later', '--tenant', 'acme', '--limit', '1')).toHaveLength(1);
    const { out } = await tollgate('jobs', '--queue', 'later');
    expect(out).toMatch(/^ID +TENANT +KEY +PLAN +STATE/);
    expect(out + JSON.stringify(all)).not.toContain('private words');
    expect((await tollgate('jobs', '--queue', 'other')).out).toBe('none\n');
  });

  it('says where it looked when there is no queue to be found', async () => {
    expect(await terminal({}).tollgate('jobs')).toMatchObject({
      code: 2,
      error: expect.stringContaining('where is the queue? Give --redis-url'),
    });
    const { code, error } = await terminal({}).tollgate('jobs', '--redis-url', 'redis://:secret@127.0.0.1:1');
    expect([code, error]).toEqual([1, 'tollgate: Redis does not answer (127.0.0.1:1)\n']);
    expect((await terminal({}).tollgate('jobs', '--redis-url', 'here')).code).toBe(2);
    expect((await terminal({ REDIS_URL: redis.url }).tollgate('jobs', '--limit', '0')).code).toBe(2);
  }, 90_000);
});
