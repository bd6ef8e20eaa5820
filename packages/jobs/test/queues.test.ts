import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@tollgate/core/internal';
import { type PostgresProcess, type RedisProcess, startPostgres, startRedis } from '@tollgate/testkit';
import { createNodeRedisClient, createPostgresBackend, Queue, Worker } from 'bullmq';
import { createClient } from 'redis';
import { bullJobs, type Job, type JobQueue, memoryJobs } from '../src/index.js';
import { callerOf, until } from './world.js';

let redis: RedisProcess;
let postgres: PostgresProcess;
let client: ReturnType<typeof createClient>;
let open: JobQueue[] = [];
const pace = { concurrency: 2, keepMs: 60_000 };

beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  client = createClient({ url: redis.url });
  client.on('error', () => undefined);
  await client.connect();
});
afterEach(async () => {
  // First forgotten: a queue that does not close, for its job waits, fails one test and not all after it.
  const closing = open;
  open = [];
  await Promise.all(closing.map((queue) => queue.close()));
});
afterAll(async () => {
  client.destroy();
  await Promise.all([redis.stop(), postgres.stop()]);
});

let names = 0;
const makers: Readonly<Record<string, (maxJobs: number) => JobQueue>> = {
  'memoryJobs()': (maxJobs) => memoryJobs({ maxJobs, pollMs: 10 }),
  'bullJobs() on Redis': (maxJobs) => {
    names += 1;
    const name = `jobs${names}`;
    const connection = createNodeRedisClient(client);
    return bullJobs({
      queue: new Queue(name, { connection }),
      worker: (process, options) => new Worker(name, process, { ...options, connection, drainDelay: 1 }),
      ...{ maxJobs, lookEveryMs: 100 },
    });
  },
  'bullJobs() on PostgreSQL': (maxJobs) => {
    names += 1;
    const name = `jobs${names}`;
    const options = { connection: { connectionString: postgres.url, migrate: true } };
    return bullJobs({
      queue: new Queue(name, options, createPostgresBackend),
      worker: (process, more) =>
        new Worker(name, process, { ...more, ...options, drainDelay: 1 }, createPostgresBackend),
      ...{ maxJobs, lookEveryMs: 100 },
    });
  },
};

function jobDue(inMs: number, more: Partial<Job> = {}): Job {
  const nowMs = Date.now();
  return {
    ...{
      id: newId(),
      caller: callerOf('one'),
      createdAtMs: nowMs,
      expiresAtMs: nowMs + 60_000,
      keepMs: 60_000,
    },
    ...{ dueAtMs: nowMs + inMs, tries: 0, cutOff: 0 },
    request: { method: 'POST', url: '/', headers: {}, body: '{"prompt":1}' },
    ...more,
  };
}

function endOf({ request, dueAtMs, ...job }: Job, state: 'completed' | 'cancelled' = 'completed'): Job {
  return { ...job, end: { state, atMs: Date.now() } };
}

describe.each(Object.entries(makers))('%s', (_name, make) => {
  it('lists the newest jobs first, of all tenants or one, those that have ended too', async () => {
    const queue = queueOf();
    const jobs = [];
    for (const [index, tenant] of ['one', 'two', 'one'].entries()) {
      const job = jobDue(60_000, { caller: callerOf(tenant), createdAtMs: Date.now() + index });
      expect(await queue.add(job)).toBe(true);
      jobs.push(job);
    }
    const [oldest, other, newest] = jobs as [Job, Job, Job];
    await queue.cancel(endOf(other, 'cancelled'));
    const ids = async (query: { tenant?: string; limit: number }) =>
      ((await queue.list?.(query)) ?? []).map(({ job, isRunning }) => [job.id, job.end?.state, isRunning]);
    const one = [
      [newest.id, undefined, false],
      [oldest.id, undefined, false],
    ];
    expect(await ids({ tenant: 'tenant of one', limit: 10 })).toEqual(one);
    expect(await ids({ limit: 10 })).toEqual([one[0], [other.id, 'cancelled', false], one[1]]);
    expect(await ids({ limit: 1 })).toEqual([one[0]]);
    expect(await ids({ tenant: 'tenant of three', limit: 10 })).toEqual([]);
  });

  function queueOf(maxJobs = 100): JobQueue {
    const queue = make(maxJobs);
    open.push(queue);
    return queue;
  }

  it('hands out each job once it is due, keeps what comes of it, and says whether it is being done', async () => {
    const queue = queueOf();
    const handed: { id: string; lateMs: number; interruptions: number }[] = [];
    let go: (() => void) | undefined;
    const wait = new Promise<void>((resolve) => {
      go = resolve;
    });
    queue.start(async (job, { interruptions }) => {
      handed.push({ id: job.id, lateMs: Date.now() - (job.dueAtMs ?? 0), interruptions });
      await wait;
      return endOf(job);
    }, pace);
    const [now, later] = [jobDue(0), jobDue(300)];
    expect(await queue.add(later)).toBe(true);
    expect(await queue.add(now)).toBe(true);
    await until('both are handed out', () => handed.length === 2);
    // In which order is not said: the first may be added after the second is due.
    expect(new Set(handed.map(({ id }) => id))).toEqual(new Set([now.id, later.id]));
    for (const { lateMs, interruptions } of handed) {
      expect(lateMs).toBeGreaterThanOrEqual(0);
      expect(interruptions).toBe(0);
    }
    expect(await queue.read(now.id, now.caller.tenant)).toEqual({ job: now, isRunning: true });
    go?.();
    await until('both are done', async () => {
      const seen = await Promise.all([
        queue.read(now.id, now.caller.tenant),
        queue.read(later.id, later.caller.tenant),
      ]);
      return seen.every((one) => one?.job.end?.state === 'completed' && one.job.request === undefined);
    });
    expect(await queue.read(newId(), now.caller.tenant)).toBeUndefined();
    expect(handed).toHaveLength(2);
  });

  it('hands out again what is due again, with what was kept of it, also after its end', async () => {
    const queue = queueOf();
    const seen: Job[] = [];
    queue.start(async (job) => {
      seen.push(job);
      if (seen.length === 1) return { ...job, tries: 1, dueAtMs: Date.now() + 200 };
      if (seen.length === 2) return { ...endOf(job), dueAtMs: Date.now() };
      const { dueAtMs, ...told } = job;
      return told;
    }, pace);
    const job = jobDue(0);
    await queue.add(job);
    await until('the last step', () => seen.length === 3);
    expect(seen[1]).toMatchObject({ id: job.id, tries: 1, request: job.request });
    expect(seen[2]?.end?.state).toBe('completed');
    expect(seen[2]?.request).toBeUndefined();
  });

  it('takes no more than it may hold, and room again when one is done', async () => {
    const queue = queueOf(2);
    expect(await queue.add(jobDue(60_000))).toBe(true);
    expect(await queue.add(jobDue(0, { caller: callerOf('other') }))).toBe(true);
    expect(await queue.add(jobDue(0, { caller: callerOf('third') }))).toBe(false);
    queue.start(async (job) => endOf(job), pace);
    await until('there is room', () => queue.add(jobDue(60_000, { caller: callerOf('third') })));
  });

  it('keeps what is cancelled from being handed out, and stops it where it was', async () => {
    const queue = queueOf();
    const handed: string[] = [];
    const stopped: string[] = [];
    queue.start((job, { signal }) => {
      handed.push(job.id);
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          stopped.push(job.id);
          resolve(job);
        });
      });
    }, pace);
    // Due so late that a slow machine cancels it before, and tried at once then.
    const [waiting, running] = [jobDue(600_000), jobDue(0)];
    await queue.add(waiting);
    await queue.add(running);
    expect((await queue.cancel(endOf(waiting, 'cancelled')))?.end?.state).toBe('cancelled');
    await until('one is being done', () => handed.length === 1);
    expect((await queue.cancel(endOf(running, 'cancelled')))?.end?.state).toBe('cancelled');
    await until('it is stopped', () => stopped.length === 1);
    const later = jobDue(400);
    await queue.add(later);
    await until('one that is due later is being done', () => handed.length === 2);
    expect({ handed, stopped }).toEqual({ handed: [running.id, later.id], stopped: [running.id] });
    await queue.cancel(endOf(later, 'cancelled'));
    for (const { id, caller } of [waiting, running]) {
      const seen = await queue.read(id, caller.tenant);
      expect(seen).toMatchObject({ job: { end: { state: 'cancelled' } }, isRunning: false });
      expect(seen?.job.request).toBeUndefined();
    }
    expect(await queue.cancel(endOf(jobDue(0), 'cancelled'))).toBeUndefined();
  });

  it('forgets a job when it has been kept for long enough, and hands out nothing once closed', async () => {
    const queue = queueOf();
    let count = 0;
    queue.start(async (job) => {
      count += 1;
      return endOf(job);
    }, pace);
    const job = jobDue(0, { keepMs: 2_000 });
    await queue.add(job);
    await until(
      'it is done',
      async () => (await queue.read(job.id, job.caller.tenant))?.job.end !== undefined,
    );
    await until('it is forgotten', async () => (await queue.read(job.id, job.caller.tenant)) === undefined);
    await queue.add(jobDue(200));
    await queue.close();
    open = [];
    await delay(300);
    expect(count).toBe(1);
  });
});

describe.each(Object.entries(makers))('places of %s', (_name, make) => {
  it('are not taken by one tenant: at most half of them, whichever of its keys asks', async () => {
    const queue = make(10);
    open.push(queue);
    const add = (keyId: string, tenant: string) =>
      queue.add(jobDue(60_000, { caller: callerOf(keyId, { tenant }) }));
    const busy: boolean[] = [];
    for (let index = 0; index < 40; index += 1) busy.push(await add(`k${index}`, 'busy'));
    expect(busy.filter(Boolean)).toHaveLength(5);
    const others = [];
    for (const tenant of ['a', 'b', 'c']) others.push(await add('own', tenant));
    expect(others).toEqual([true, true, true]);
    expect(await add('k1', 'busy')).toBe(false);
  });
});

describe('bullJobs() whose queue is half full', () => {
  it('counts the jobs of tenants once for requests that come together', async () => {
    let [looks, added] = [0, 0];
    const queue = bullJobs({
      queue: {
        add: async () => {
          added += 1;
        },
        getJob: async () => undefined,
        getJobCounts: async () => ({ waiting: 6 }),
        getRanges: async () => {
          looks += 1;
          return [];
        },
        clean: async () => undefined,
        on: () => undefined,
        close: async () => undefined,
      },
      worker: () => ({ on: () => undefined, close: async () => undefined }),
      maxJobs: 10,
    });
    await Promise.all(Array.from({ length: 20 }, () => queue.add(jobDue(60_000))));
    expect({ looks, added }).toEqual({ looks: 1, added: 20 });
    // Its own additions are counted.
    expect(await queue.add(jobDue(60_000))).toBe(false);
    expect(looks).toBe(1);
    await queue.close();
  });
});
