import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { redisQuota } from '@tollgate/redis';
import type { Script } from '@tollgate/simulator';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import type { Express } from 'express';
import OpenAI from 'openai';
import { createClient, type RedisClientType } from 'redis';
import {
  counterOf,
  memoryQuota,
  openai,
  resilience,
  spend,
  type Tollgate,
  type TollgateOptions,
} from 'tollgate';
import { type AppSetup, dollarsPerDay, type RunningApp, startApp } from './running-app.js';

/** gpt-5-mini reasons: 0.25 $ per million input tokens, 2 $ per million output tokens, published price. */
const reasoning = { model: 'gpt-5-mini', max_completion_tokens: 500 };
/** gpt-4.1-mini shows all that it bills: 0.40 $ and 1.60 $ per million. */
const visible = { model: 'gpt-4.1-mini', max_completion_tokens: 500 };
const prices: Readonly<Record<string, readonly [input: number, output: number]>> = {
  'gpt-5-mini': [250, 2_000],
  'gpt-4.1-mini': [400, 1_600],
};
const messages = [{ role: 'user', content: 'What does the sea say?' }];
/** Room for about twelve calls at their worst. */
const capNanoUsd = 12_500_000;
const clients = 10;
const rounds = 6;

const acme = { id: 'acme', tenant: 'acme', plan: 'test', scopes: [], labels: {} };

let redis: RedisProcess;
let client: RedisClientType;
beforeAll(async () => {
  redis = await startRedis();
  client = createClient({ url: redis.url });
  await client.connect();
});
afterAll(async () => {
  client.destroy();
  await redis.stop();
});
let app: RunningApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

/** What the provider bills by its own books, in nano-dollars. */
function billed({ provider }: RunningApp): number {
  const { byModel } = provider.accounts();
  return Object.entries(byModel).reduce((sum, [model, { billed: usage }]) => {
    const [input, output] = prices[model] ?? [Number.NaN, Number.NaN];
    return sum + usage.inputTokens * input + usage.outputTokens * output;
  }, 0);
}

/**
 * A client that sends, and leaves after so many chunks of the answer; with 0, so many milliseconds after the provider has received the next
 * call, its own or another's.
 */
async function leave(
  { url, key, provider }: RunningApp,
  path: string,
  body: object,
  after: { chunks: number; ms: number },
): Promise<void> {
  const sending = request(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  });
  sending.on('error', () => undefined);
  let timer: NodeJS.Timeout | undefined;
  const leaveSoon = (): void => {
    timer = setTimeout(() => sending.destroy(), after.ms);
  };
  // Where all are refused, no call comes, and each has its answer.
  if (after.chunks === 0) {
    provider.waitFor(provider.requests.length + 1, 30_000).then(leaveSoon, () => undefined);
  }
  let chunks = 0;
  sending.on('response', (answer) => {
    answer.on('error', () => undefined);
    answer.on('data', () => {
      chunks += 1;
      if (after.chunks > 0 && chunks >= after.chunks) sending.destroy();
    });
  });
  const closed = new Promise((resolve) => sending.on('close', resolve));
  sending.end(JSON.stringify(body));
  await closed;
  clearTimeout(timer);
}

interface Case {
  readonly name: string;
  readonly body?: object;
  readonly script: Script;
  readonly leave: { readonly chunks: number; readonly ms: number };
  readonly routes?: AppSetup['routes'];
  readonly options?: Partial<TollgateOptions>;
  readonly path?: string;
}

const hidden: Script = { tokens: 20, usage: { reasoningTokens: 480 }, finishesAlone: true };
const stays = { chunks: 1_000_000, ms: 0 };
const streamed = { ...reasoning, messages, stream: true };

/** The proxy with options of its own. */
const proxied =
  (options: (tg: Tollgate) => object): NonNullable<AppSetup['routes']> =>
  (express: Express, tg, provider) => {
    const to = openai({ apiKey: 'simulated', baseUrl: provider.openAiUrl, ...timeoutsOf(options(tg)) });
    const { timeouts: _, ...own } = options(tg) as { timeouts?: object };
    express.post('/v1/chat/completions', tg.proxy({ provider: to, ...own }));
  };
const timeoutsOf = (options: object) =>
  'timeouts' in options ? { timeouts: options.timeouts as object } : {};

/** A handler that makes three calls, one after the other, whose client may leave during any of them. */
const agent: NonNullable<AppSetup['routes']> = (express, tg, provider) => {
  const sdk = new OpenAI({
    apiKey: 'k',
    baseURL: provider.openAiUrl,
    fetch: tg.fetch,
    maxRetries: 2,
    timeout: 400,
  });
  express.post('/agent', async (_req, res, next) => {
    try {
      for (let step = 0; step < 3; step += 1) {
        const asked = { ...reasoning, messages: [{ role: 'user' as const, content: `Step ${step}` }] };
        if (step === 1) await sdk.chat.completions.create(asked);
        else for await (const _ of await sdk.chat.completions.create({ ...asked, stream: true }));
      }
      res.json({ done: true });
    } catch (error) {
      next(error);
    }
  });
};

/** A handler that asks its provider by means of its own, to the end, and records what that used. */
const ownMeans: NonNullable<AppSetup['routes']> = (express, _tg, provider) => {
  express.post('/v1/chat/completions', async (req, res, next) => {
    try {
      const answer = await fetch(`${provider.openAiUrl}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer k' },
        body: JSON.stringify(req.body),
      });
      const { model, usage } = (await answer.json()) as { model: string; usage: Record<string, unknown> };
      await req.tollgate.record({ provider: 'openai', model, usage });
      res.json({});
    } catch (error) {
      next(error);
    }
  });
};

const cases: readonly Case[] = [
  {
    name: 'clients leave before the first token of a model that reasons unseen, and the provider goes on',
    script: { ...hidden, firstByteDelayMs: 150 },
    leave: { chunks: 0, ms: 60 },
  },
  {
    name: 'clients leave after the first chunk of a model that reasons unseen, and the provider goes on',
    script: { ...hidden, chunkDelayMs: 10 },
    leave: { chunks: 1, ms: 0 },
  },
  {
    name: 'the same, with every call aborted',
    script: { ...hidden, chunkDelayMs: 10 },
    leave: { chunks: 1, ms: 0 },
    routes: proxied(() => ({ whenClientGone: 'abort' })),
  },
  {
    name: 'the same, with hardly a call drained',
    script: { ...hidden, chunkDelayMs: 10 },
    leave: { chunks: 1, ms: 0 },
    options: { meter: { maxDrains: { total: 2, perTenant: 1 } } },
  },
  {
    name: 'clients leave a visible model whose provider does not stop',
    body: { ...visible, messages, stream: true },
    script: { tokens: 500, chunkDelayMs: 1, finishesAlone: true },
    leave: { chunks: 2, ms: 0 },
    routes: proxied(() => ({ whenClientGone: 'abort' })),
  },
  {
    name: 'the provider is slower than the timeout, and goes on',
    script: { ...hidden, firstByteDelayMs: 1_000 },
    leave: stays,
    body: { ...reasoning, messages },
    routes: proxied(() => ({ timeouts: { firstByteMs: 80 } })),
  },
  {
    name: 'the provider is slower than the timeout, and calls are retried',
    script: { ...hidden, firstByteDelayMs: 1_000 },
    leave: stays,
    body: { ...reasoning, messages },
    routes: proxied(() => ({
      timeouts: { firstByteMs: 80 },
      resilience: resilience({ retries: { attempts: 3, perTarget: 3, ratio: 1, whenUncertain: 'go-on' } }),
    })),
  },
  {
    name: 'the provider resets the connection in the middle, and goes on',
    script: { ...hidden, chunkDelayMs: 1, reset: { afterChunks: 3 } },
    leave: stays,
  },
  {
    name: 'an agent loop through tg.fetch, whose SDK times out and retries',
    script: { ...hidden, chunkDelayMs: 10, firstByteDelayMs: 30 },
    leave: { chunks: 0, ms: 250 },
    routes: agent,
    path: '/agent',
    body: {},
  },
  {
    name: 'clients leave a handler that asks by means of its own and records what it used',
    script: { ...hidden, firstByteDelayMs: 150 },
    leave: { chunks: 0, ms: 60 },
    routes: ownMeans,
    body: { ...reasoning, messages },
  },
];

describe.each(['memory', 'Redis'])('the provider’s bill stays within the cap on %s', (where) => {
  let prefixes = 0;
  it.each(cases)('when $name', async ({ script, leave: leaving, body = streamed, path, routes, options }) => {
    prefixes += 1;
    const store =
      where === 'memory'
        ? memoryQuota()
        : redisQuota({ client, prefix: `unknown${prefixes}`, deadlineMs: 5_000 });
    const running = await startApp({
      plan: { spend: { limit: dollarsPerDay(capNanoUsd), by: 'tenant' }, maxOutputTokens: 500 },
      provider: { script },
      ...(routes && { routes }),
      options: { ...options, store },
    });
    app = running;
    await Promise.all(
      Array.from({ length: clients }, async () => {
        for (let round = 0; round < rounds; round += 1) {
          await leave(running, path ?? '/v1/chat/completions', body, leaving);
        }
      }),
    );
    await running.settled();
    const bill = billed(running);
    expect(bill).toBeGreaterThan(0);
    expect(bill).toBeLessThanOrEqual(capNanoUsd);
    const spent = counterOf(spend('$1/day').by('tenant'), { caller: acme });
    let [counter] = await store.read('acme', [spent]);
    // A settlement that a busy machine held up is made again a little later.
    while (counter?.held !== 0) [counter] = await store.read('acme', [spent]);
    expect(counter?.used).toBeGreaterThanOrEqual(bill);
    expect(counter?.used).toBeLessThanOrEqual(capNanoUsd);
  });
});
