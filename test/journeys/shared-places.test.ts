import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ConcurrencyMiddleware, type ConcurrencyOptions, concurrency } from '@tollgate/concurrency';
import type { QuotaCounter } from '@tollgate/core/internal';
import { redisQuota } from '@tollgate/redis';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import express, { type Response } from 'express';
import { createClient } from 'redis';

const limit = 4;
// A busy machine may be slower than the default.
const deadlineMs = 5_000;
const places: QuotaCounter = {
  counter: 'concurrent/live/app=app',
  unit: 'concurrent',
  limit,
  window: { kind: 'live' },
  wide: true,
  soft: false,
};

/** One process' app: each request stays in the handler until it is released. */
interface App {
  readonly guard: ConcurrencyMiddleware;
  readonly held: Response[];
  send(): Promise<number>;
}

describe('places on a real Redis', () => {
  let redis: RedisProcess;
  const opened: (() => unknown)[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  const closeAll = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  afterEach(closeAll);

  const storeOf = async (prefix: string) => {
    const client = createClient({ url: redis.url });
    client.on('error', () => undefined);
    await client.connect();
    const store = redisQuota({ client, prefix, deadlineMs });
    opened.push(
      () => client.destroy(),
      () => store.end().catch(() => undefined),
    );
    return store;
  };

  const start = async (prefix: string, more: Partial<ConcurrencyOptions> = {}): Promise<App> => {
    const store = await storeOf(prefix);
    const guard = concurrency({ limit, store, storeDeadlineMs: deadlineMs, expectedProcesses: 2, ...more });
    const held: Response[] = [];
    const app = express();
    app.post('/', guard, (_req, res) => void held.push(res));
    const server: Server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    opened.push(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const send = async () => (await fetch(url, { method: 'POST' })).status;
    return { guard, held, send };
  };

  it('are never more than the limit in all processes together, and all free in the end', async () => {
    const apps = [await start('together'), await start('together')];
    const answers = Array.from({ length: 40 }, (_none, index) => (apps[index % 2] as App).send());
    let answered = 0;
    let most = 0;
    while (answered < 40) {
      const held = apps.flatMap((app) => app.held);
      most = Math.max(most, held.length);
      expect(held.length).toBeLessThanOrEqual(limit);
      const app = apps[answered % 2]?.held.length
        ? apps[answered % 2]
        : apps.find((one) => one.held.length > 0);
      const [res] = app?.held.splice(0, 1) ?? [];
      if (res) {
        // It has its place until the response has closed.
        res.end();
        await once(res, 'close');
        answered += 1;
      } else await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(new Set(await Promise.all(answers))).toEqual(new Set([200]));
    expect(most).toBeGreaterThan(1);
    expect(apps.map(({ guard }) => guard.withoutStore)).toEqual([0, 0]);
    expect(apps.map(({ guard }) => guard.running)).toEqual([0, 0]);
    await closeAll();
    const store = await storeOf('together');
    expect((await store.read('app', [places]))[0]?.held).toBe(0);
  });

  it('are a part of the limit in each process while Redis is away, counted, and shared again afterwards', async () => {
    const own = await startRedis();
    const client = createClient({ url: own.url, socket: { reconnectStrategy: 50 } });
    client.on('error', () => undefined);
    await client.connect();
    const store = redisQuota({ client, prefix: 'away', deadlineMs: 100 });
    opened.push(() => client.destroy());
    const app = await start('unused', { store, storeDeadlineMs: 200 });
    own.pause();
    const answers = [app.send(), app.send(), app.send()];
    while (app.held.length < 2 || app.guard.waiting < 1)
      await new Promise((resolve) => setTimeout(resolve, 1));
    expect(app.guard.withoutStore).toBe(2);
    own.resume();
    while (app.held.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(app.guard.withoutStore).toBe(2);
    for (const res of app.held) res.end();
    expect(await Promise.all(answers)).toEqual([200, 200, 200]);
    await store.end().catch(() => undefined);
    await own.stop();
  });
});
