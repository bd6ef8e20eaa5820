import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import express, { type Express } from 'express';
import { createClient } from 'redis';
import request from 'supertest';
import { memoryKeys, openai, type Tollgate, type TollgateOptions, tollgate } from '../src/index.js';
import { until } from './watched-app.js';

const plans = { free: { requests: '3/min', spend: '$0.50/day' } };
const body = { model: 'gpt-5-mini', max_completion_tokens: 10, messages: [{ role: 'user', content: 'hi' }] };
const keys = memoryKeys();
const { key } = keys.create({ tenant: 'acme', plan: 'free' });
/** Nothing listens there. */
const nowhere = 'redis://127.0.0.1:1';

let redis: RedisProcess;
let provider: SimulatedProvider;
const started: Tollgate[] = [];
beforeAll(async () => {
  [redis, provider] = await Promise.all([startRedis(), simulateProvider()]);
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((tg) => tg.close({ graceMs: 500 })));
});
afterAll(async () => {
  await Promise.all([redis.stop(), provider.close()]);
});

function appWith(options: Partial<TollgateOptions>): { app: Express; tg: Tollgate } {
  const tg = tollgate({ plans, keys, ...options });
  started.push(tg);
  const app = express();
  app.use(
    tg.guards(),
    tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) }),
    tg.errors(),
  );
  return { app, tg };
}

const post = (app: Express) =>
  request(app).post('/v1/chat/completions').set('Authorization', `Bearer ${key}`).send(body);

const directory = (): Promise<string> => mkdtemp(join(tmpdir(), 'tollgate-start-'));

describe('a request that arrives before the stores have answered', () => {
  it('is held and served', async () => {
    const shared = { url: redis.url, prefix: 'held', deadlineMs: 5_000 };
    const { app } = appWith({
      redis: shared,
      database: { directory: await directory() },
      readyWaitMs: 30_000,
    });
    expect((await post(app)).status).toBe(200);
  });

  it('gets 503 after readyWaitMs, and does not count against the rate limit', async () => {
    const { app } = appWith({ redis: { url: nowhere }, readyWaitMs: 20 });
    const statuses: number[] = [];
    for (let asked = 0; asked < 6; asked += 1) statuses.push((await post(app)).status);
    expect(statuses).toEqual(Array(6).fill(503));
  });
});

describe('tg.ready()', () => {
  it('resolves when Redis, the tables and the tokenizer are there: the next request is served with a count of tokens', async () => {
    const { app, tg } = appWith({
      redis: { url: redis.url, prefix: 'ready', deadlineMs: 5_000 },
      database: { directory: await directory() },
      meter: { inputBound: 'tokens', countAboveBytes: 0 },
    });
    await tg.ready({ timeoutMs: 50_000 });
    expect(tg.isReady).toBe(true);
    expect((await post(app)).status).toBe(200);
  });

  it('resolves at once where nothing needs to start', async () => {
    await appWith({}).tg.ready({ timeoutMs: 1_000 });
  });

  it('rejects with the last failure of what is missing as its cause, and not with one that is over', async () => {
    const database = { connectionString: 'postgres://user:the-password@127.0.0.1:1/none' };
    const { tg } = appWith({ redis: { url: redis.url, prefix: 'cause', deadlineMs: 5_000 }, database });
    let error = new Error();
    const late = async (): Promise<boolean> => {
      error = await tg.ready({ timeoutMs: 200 }).then(
        () => error,
        (found: Error) => found,
      );
      return (error.cause as { code?: string } | undefined)?.code === 'ECONNREFUSED';
    };
    await until(late);
    expect(error.message).toContain('not ready within 200 ms');
    expect(inspect(error)).not.toContain('the-password');
  });

  it('rejects after its time, and when the app is closed before', async () => {
    const { tg } = appWith({ redis: { url: nowhere } });
    await expect(tg.ready({ timeoutMs: 30 })).rejects.toThrow('not ready within 30 ms');
    const waiting = expect(tg.ready()).rejects.toThrow('closed before');
    await tg.close({ graceMs: 1 });
    await waiting;
  });
});

describe('tollgate() with a wrong option', () => {
  const wrong = { meter: { sink: [] } } as unknown as Partial<TollgateOptions>;

  it('leaves no connection to Redis open', async () => {
    const client = await createClient({ url: redis.url }).connect();
    const connections = async (): Promise<number> =>
      Number(/connected_clients:(\d+)/.exec(await client.info('clients'))?.[1]);
    const before = await connections();
    expect(() => tollgate({ plans, keys, redis: { url: redis.url }, watch: {}, ...wrong })).toThrow('meter');
    await until(async () => (await connections()) === before);
    client.destroy();
  });

  it('leaves the folder of its database unlocked', async () => {
    const database = { directory: await directory() };
    expect(() => tollgate({ plans, database, ...wrong })).toThrow('meter');
    const again = async (): Promise<boolean> => {
      try {
        appWith({ database });
        return true;
      } catch {
        return false;
      }
    };
    await until(again);
  });
});

describe('tollgate({ now })', () => {
  it('is the clock of windows, credentials and events', async () => {
    let nowMs = Date.UTC(2026, 0, 31, 23, 59, 59);
    const times: number[] = [];
    const { app } = appWith({
      now: () => nowMs,
      keys: {
        find: async (sha) => {
          const found = await keys.find(sha);
          return found && { ...found, expiresAtMs: Date.UTC(2026, 1, 2) };
        },
      },
      sinks: [{ write: (event) => void times.push(Date.parse(event.time)) }],
    });
    for (const status of [200, 200, 200, 429]) expect((await post(app)).status).toBe(status);
    nowMs = Date.UTC(2026, 1, 1, 0, 1);
    expect((await post(app)).status).toBe(200);
    expect(times.at(-1)).toBe(nowMs);
    nowMs = Date.UTC(2026, 1, 2, 0, 1);
    expect((await post(app)).status).toBe(401);
  });
});
