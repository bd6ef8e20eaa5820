/** An app with rate limit, meter, budget and proxy on shared stores, as a process of its own, for tests: its settings are its argument. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { budget } from '@tollgate/budget';
import { type Caller, contextOf, definePlans, jsonBody, type QuotaStore } from '@tollgate/core';
import type { CallStep } from '@tollgate/core/internal';
import { meter, meteredFetch } from '@tollgate/meter';
import { rateLimit } from '@tollgate/rate-limit';
import { rateLimitStores, redisQuota } from '@tollgate/redis';
import { openAiCompatible, proxy } from '@tollgate/upstream';
import express, { type RequestHandler } from 'express';
import { createClient, createCluster } from 'redis';
import { type AppSettings, type AppState, type KillPoint, outputNanoUsd } from './app-settings.js';

const settings: AppSettings = JSON.parse(process.argv[2] ?? '');
let offsetMs = settings.offsetMs;
const trueNow = Date.now;
Date.now = () => trueNow() + offsetMs;

const unhandled: string[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(String(reason)));

function dieAt(point: KillPoint): void {
  if (settings.killAt === point) process.kill(process.pid, 'SIGKILL');
}

/** The client's own pauses grow to two seconds otherwise. */
const socket = { reconnectStrategy: (retries: number) => Math.min(50 * 2 ** retries, 500) };

function connection() {
  const [url = '', ...others] = settings.redisPorts.map((port) => `redis://127.0.0.1:${port}`);
  if (settings.cluster) {
    const cluster = createCluster({
      rootNodes: [url, ...others].map((one) => ({ url: one })),
      defaults: { socket },
    });
    cluster.on('error', () => undefined);
    void cluster.connect().catch(() => undefined);
    return { cluster };
  }
  const client = createClient({ url, socket });
  client.on('error', () => undefined);
  void client.connect().catch(() => undefined);
  return { client };
}

/** The store, whose process dies as its answer to a charge comes in. */
function dyingStore(store: QuotaStore): QuotaStore {
  return {
    hasBreaker: store.hasBreaker ?? false,
    reserve: (request) => store.reserve(request),
    extend: (request) => store.extend(request),
    cover: (request) => store.cover(request),
    renew: (request) => store.renew(request),
    close: (request) => store.close(request),
    read: (partition, counters) => store.read(partition, counters),
    end: () => store.end(),
    async charge(request) {
      const result = await store.charge(request);
      dieAt('after-charge');
      if (!request.close) dieAt('between-calls');
      return result;
    },
  };
}

const decisionsMs: number[] = [];
const startedAt = new WeakMap<object, number>();

const identify: RequestHandler = (req, res, next) => {
  const tenant = req.get('x-tenant') ?? 'acme';
  const caller: Caller = { id: tenant, keyId: tenant, tenant, plan: 'one', scopes: [], labels: {} };
  contextOf(req, res).caller = caller;
  next();
};

const startWatch: RequestHandler = (req, res, next) => {
  startedAt.set(req, performance.now());
  res.on('finish', () => decided(req));
  next();
};

function decided(req: object): void {
  const start = startedAt.get(req);
  startedAt.delete(req);
  if (start !== undefined) decisionsMs.push(performance.now() - start);
}

/** Steps that stand after the budget's where a call begins, and before it where a call ends. */
function dyingSteps(): CallStep[] {
  let chunks = 0;
  return [
    {
      name: 'dies-early',
      stage: 'record',
      begin: () => dieAt('before-call'),
      response: () => dieAt('headers'),
      chunk() {
        chunks += 1;
        if (chunks === 10) dieAt('mid-stream');
        return undefined;
      },
    },
    { name: 'dies-late', stage: 'inspect', end: () => dieAt('before-charge') },
  ];
}

const stopWatch: RequestHandler = (req, res, next) => {
  decided(req);
  dieAt('reserved');
  if (settings.killAt) for (const step of dyingSteps()) contextOf(req, res).calls.use(step);
  next();
};

const { prefix, deadlineMs } = settings;
const shared = connection();
const store = dyingStore(
  redisQuota({
    ...shared,
    prefix,
    outbox: true,
    deadlineMs,
    sweepEveryMs: 200,
  }),
);
const plans = definePlans({ one: { requests: ['1000000/min', '10000000/hour'], spend: settings.spend } });
const rates = rateLimit({
  plans,
  stores: rateLimitStores({ ...shared, prefix, deadlineMs }),
  storeDeadlineMs: deadlineMs,
  skip: (req) => req.get('x-unlimited') !== undefined,
});
const guard = budget({
  plans,
  store,
  leaseMs: settings.leaseMs,
  storeDeadlineMs: deadlineMs,
  ...(settings.spool !== undefined && { spool: settings.spool }),
});
const prices = {
  model: { inputUsdPerMillion: '1', outputUsdPerMillion: String(outputNanoUsd / 1_000) },
};
const own = openAiCompatible({ name: 'own', apiKey: 'sk-test', baseUrl: settings.providerUrl });

const loop = monitorEventLoopDelay({ resolution: 5 });
loop.enable();

const app = express();
app.get('/state', (_req, res) => {
  globalThis.gc?.();
  const state: AppState = {
    decisionsMs: decisionsMs.splice(0),
    lagMs: loop.max / 1e6,
    heapBytes: process.memoryUsage().heapUsed,
    unhandled,
  };
  loop.reset();
  res.json(state);
});
app.post('/clock/:offsetMs', (req, res) => {
  offsetMs = Number(req.params.offsetMs);
  res.json({});
});
app.post('/settled', async (_req, res) => {
  await guard.settled(2_000);
  res.json({});
});
app.use('/v1', identify, startWatch, rates, jsonBody(), meter({ prices }), guard, stopWatch);
const metered = meteredFetch();
/** A handler that makes two calls. */
app.post('/v1/agent', async (req, res, next) => {
  try {
    for (let call = 0; call < 2; call += 1) {
      const answer = await metered(`${settings.providerUrl}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test' },
        body: JSON.stringify(req.body),
      });
      await answer.text();
    }
    res.json({});
  } catch (error) {
    next(error);
  }
});
app.use('/v1', proxy({ providers: [own] }));
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  process.stdout.write(`${port}\n`);
});
