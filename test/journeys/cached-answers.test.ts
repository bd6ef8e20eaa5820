import Anthropic from '@anthropic-ai/sdk';
import { afterEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { openai, pattern, resilience } from 'tollgate';
import { type AppSetup, passThrough, type RunningApp, startApp } from './running-app.js';

const messages = [{ role: 'user' as const, content: 'Tell me of the sea.' }];
const chat = { model: 'gpt-5-mini', messages, temperature: 0 };
const message = { model: 'claude-haiku-4-5', max_tokens: 50, messages, temperature: 0 };

let app: RunningApp | undefined;
afterEach(() => app?.close());

async function start(setup: AppSetup = {}): Promise<RunningApp> {
  app = await startApp({ ...setup, options: { cache: true, ...setup.options } });
  return app;
}

async function listOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Each asks its question once, and gives all that the client has seen of the answer. */
const questions: Record<string, (clients: Pick<RunningApp, 'openai' | 'anthropic'>) => Promise<unknown>> = {
  'chat completions': ({ openai }) => openai.chat.completions.create(chat),
  'a stream of chat completions': async ({ openai }) =>
    listOf(await openai.chat.completions.create({ ...chat, stream: true })),
  'a stream of chat completions with its usage': async ({ openai }) =>
    listOf(
      await openai.chat.completions.create({
        ...chat,
        stream: true,
        stream_options: { include_usage: true },
      }),
    ),
  'chat completions with a seed': ({ openai }) =>
    openai.chat.completions.create({ model: 'gpt-5-mini', messages, seed: 7 }),
  responses: ({ openai }) =>
    openai.responses.create({ model: 'gpt-5-mini', input: 'The sea?', temperature: 0 }),
  'a stream of responses': async ({ openai }) =>
    listOf(
      await openai.responses.create({ model: 'gpt-5-mini', input: 'The sea?', temperature: 0, stream: true }),
    ),
  embeddings: ({ openai }) => openai.embeddings.create({ model: 'text-embedding-3-small', input: 'the sea' }),
  messages: ({ anthropic }) => anthropic.messages.create(message),
  'a stream of messages': async ({ anthropic }) =>
    listOf(await anthropic.messages.create({ ...message, stream: true })),
};

/** The same app, whose handlers call with SDK clients of their own. */
const ownHandlers: AppSetup['routes'] = (express, tg, provider) => {
  const clients = {
    openai: new OpenAI({ apiKey: 'x', baseURL: provider.openAiUrl, fetch: tg.fetch }),
    anthropic: new Anthropic({ apiKey: 'x', baseURL: provider.url, fetch: tg.fetch }),
  };
  express.post('/ask', async (req, res) => {
    res.json({ seen: await questions[String(req.body.question)]?.(clients) });
  });
};

function post(to: RunningApp, path: string, body: object, headers: Record<string, string> = {}) {
  return fetch(to.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${to.key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

describe('what was paid for is not paid for again', () => {
  it.each(Object.keys(questions))('%s, passed through: the same once more, without a call', async (name) => {
    const running = await start();
    const ask = questions[name] as (typeof questions)[string];
    const first = await ask(running);
    await running.settled();
    const before = await running.money();
    expect(await ask(running)).toEqual(first);
    await running.settled();
    expect(running.provider.requests).toHaveLength(1);
    expect(running.events).toHaveLength(1);
    expect(before.used).toBeGreaterThan(0);
    expect(await running.money()).toEqual({ ...before, held: 0 });
  });

  it.each(Object.keys(questions))("%s, by a handler's own SDK client: likewise", async (question) => {
    const running = await start({ routes: ownHandlers });
    const seen: unknown[] = [];
    for (const _ of [1, 2]) {
      const answer = await post(running, '/ask', { question });
      seen.push(await answer.json());
      await running.settled();
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(running.provider.requests).toHaveLength(1);
    expect(running.events).toHaveLength(1);
    expect((await running.money()).held).toBe(0);
  });

  it('says so: byte for byte, with its age', async () => {
    const clock = { nowMs: Date.now() };
    const running = await start({ options: { cache: { now: () => clock.nowMs } } });
    const answers: { bytes: string; cache: string | null; age: string | null }[] = [];
    for (const _ of [1, 2]) {
      const answer = await post(running, '/v1/chat/completions', { ...chat, stream: true });
      const { headers } = answer;
      answers.push({
        bytes: await answer.text(),
        cache: headers.get('x-tollgate-cache'),
        age: headers.get('age'),
      });
      await running.settled();
      clock.nowMs += 42_500;
    }
    const [first, second] = answers;
    expect(first).toMatchObject({ cache: 'miss', age: null });
    expect(second).toEqual({ bytes: first?.bytes, cache: 'hit', age: '42' });
    clock.nowMs += 600_000;
    const third = await post(running, '/v1/chat/completions', { ...chat, stream: true });
    expect(third.headers.get('x-tollgate-cache')).toBe('miss');
    await third.text();
  });

  it('costs nothing where the money is gone, and nothing is known of another question', async () => {
    const running = await start({ plan: { spend: '$0.0001/day' } });
    const small = { ...chat, max_completion_tokens: 30 };
    expect((await post(running, '/v1/chat/completions', small)).status).toBe(200);
    await running.settled();
    const again = await post(running, '/v1/chat/completions', small);
    expect([again.status, again.headers.get('x-tollgate-cache')]).toEqual([200, 'hit']);
    const other = await post(running, '/v1/chat/completions', { ...small, temperature: 0, seed: 1 });
    expect(other.status).toBe(402);
  });

  it('lets nobody past the cap on another path, whose handler has its calls made elsewhere', async () => {
    const usage = { prompt_tokens: 20, completion_tokens: 30, total_tokens: 50 };
    const running = await start({
      plan: { spend: '$0.0001/day' },
      routes: (app, tg, provider) => {
        passThrough(app, tg, provider);
        app.post('/elsewhere/v1/chat/completions', async (req, res) => {
          await req.tollgate.record({ provider: 'openai', model: 'gpt-5-mini', usage });
          res.json({ done: true });
        });
      },
    });
    const small = { ...chat, max_completion_tokens: 30 };
    expect((await post(running, '/v1/chat/completions', small)).status).toBe(200);
    await running.settled();
    const { used } = await running.money();
    const statuses = [1, 2, 3].map(async () => {
      const answer = await post(running, '/elsewhere/v1/chat/completions', small);
      return answer.status;
    });
    expect(await Promise.all(statuses)).toEqual([402, 402, 402]);
    await running.settled();
    expect(await running.money()).toEqual({ used, held: 0 });
  });

  it('counts as a request where the budget counts requests', async () => {
    const running = await start({
      plan: { requests: '2/min', spend: '$1/day' },
      options: { budget: { requests: true } },
    });
    const statuses: number[] = [];
    for (const _ of [1, 2, 3]) {
      const answer = await post(running, '/v1/chat/completions', chat);
      await answer.text();
      statuses.push(answer.status);
      await running.settled();
    }
    expect(statuses).toEqual([200, 200, 429]);
    expect(running.provider.requests).toHaveLength(1);
  });

  it('is answered while its provider is left alone, and teaches nothing about it', async () => {
    const state = resilience({ retries: false, breaker: { minimumCalls: 3, openMs: 60_000 } });
    const running = await start({
      routes: (app, tg, provider) => {
        const at = openai({ apiKey: 'x', baseUrl: provider.openAiUrl });
        app.post('/v1/chat/completions', tg.proxy({ provider: at, resilience: state }));
      },
    });
    const statusOf = async (body: object): Promise<number> => {
      const answer = await post(running, '/v1/chat/completions', body);
      await answer.text();
      await running.settled();
      return answer.status;
    };
    expect(await statusOf(chat)).toBe(200);
    running.provider.script({ status: 500 });
    while (running.provider.requests.length < 60 && (await statusOf({ ...chat, seed: 1 })) !== 503);
    const asked = running.provider.requests.length;
    expect(await statusOf(chat)).toBe(200);
    expect(await statusOf({ ...chat, seed: 1 })).toBe(503);
    expect(running.provider.requests).toHaveLength(asked);
  });

  it("where the plan's ladder prefers it, from its share on, though nobody would repeat it", async () => {
    const running = await start({
      plan: { spend: '$0.001/day', degrade: [{ at: 0.5, cache: 'first' }] },
      provider: { script: { tokens: 24 } },
    });
    const question = { model: 'gpt-5-mini', messages, max_completion_tokens: 60 };
    const seen: { share: number; cache: string | null; degraded: string | null }[] = [];
    for (let turn = 0; turn < 30; turn += 1) {
      const share = (await running.money()).used / 1_000_000;
      const answer = await post(running, '/v1/chat/completions', question);
      expect(answer.status).toBe(200);
      await answer.text();
      await running.settled();
      const { headers } = answer;
      seen.push({
        share,
        cache: headers.get('x-tollgate-cache'),
        degraded: headers.get('x-tollgate-degraded'),
      });
    }
    for (const { share, cache, degraded } of seen) {
      const preferred = share >= 0.5;
      expect({ share, cache, degraded }).toEqual({
        share,
        cache: preferred ? 'hit' : 'miss',
        degraded: preferred ? 'budget' : null,
      });
    }
    expect(seen.filter(({ cache }) => cache === 'hit').length).toBeGreaterThan(5);
    expect(running.provider.requests).toHaveLength(seen.filter(({ cache }) => cache === 'miss').length);
    expect((await running.money()).held).toBe(0);
  });

  it('only where the route may be used at all', async () => {
    const running = await start({
      routes: (app, tg, provider) => {
        app.post('/v1/embeddings', tg.scope('embed'));
        passThrough(app, tg, provider);
      },
    });
    const body = { model: 'text-embedding-3-small', input: 'the sea' };
    for (const _ of [1, 2]) {
      expect((await post(running, '/v1/embeddings', body)).status).toBe(403);
      await running.settled();
    }
    expect(running.provider.requests).toHaveLength(0);
    expect(await running.money()).toEqual({ used: 0, held: 0 });
  });
});

describe('a handler that does not take the answer it could have', () => {
  it('and makes its call in a way that nobody sees is charged its estimate, as ever', async () => {
    const calls = { seen: true };
    const running = await start({
      routes: (app, tg, provider) => {
        const passOn = tg.proxy({ provider: openai({ apiKey: 'x', baseUrl: provider.openAiUrl }) });
        app.post('/v1/chat/completions', (req, res, next) => {
          if (calls.seen) passOn(req, res, next);
          else res.json({ choices: [] });
        });
      },
    });
    await post(running, '/v1/chat/completions', chat).then((answer) => answer.text());
    await running.settled();
    const { used } = await running.money();
    calls.seen = false;
    const answer = await post(running, '/v1/chat/completions', chat);
    expect([answer.status, answer.headers.get('x-tollgate-cache')]).toEqual([200, null]);
    await running.settled();
    expect(running.events.at(-1)).toMatchObject({ source: 'estimated', uncertain: true });
    expect(await running.money()).toEqual({
      used: used + Number(running.events.at(-1)?.costNanoUsd),
      held: 0,
    });
  });

  it('and lets a proxy of a third party make it pays for each: nothing is looked up', async () => {
    const running = await start({
      options: { meter: { tap: 'response' } },
      routes: (app, _tg, provider) => {
        app.post('/v1/chat/completions', async (req, res) => {
          const answer = await fetch(`${provider.openAiUrl}/chat/completions`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(req.body),
          });
          res.type('json').send(await answer.text());
        });
      },
    });
    for (const _ of [1, 2]) {
      const answer = await post(running, '/v1/chat/completions', chat);
      expect(answer.headers.get('x-tollgate-cache')).toBeNull();
      await answer.text();
      await running.settled();
    }
    expect(running.events).toMatchObject([{ source: 'provider' }, { source: 'provider' }]);
    const cost = running.events.reduce((sum, event) => sum + Number(event.costNanoUsd), 0);
    expect(await running.money()).toEqual({ used: cost, held: 0 });
  });
});

describe('what is not kept, or not given', () => {
  /** How often the provider is asked when a question is asked twice. */
  async function callsOf(
    running: RunningApp,
    body: object,
    headers: Record<string, string> = {},
    path = '/v1/chat/completions',
  ): Promise<number> {
    const before = running.provider.requests.length;
    for (const _ of [1, 2]) {
      await post(running, path, body, headers)
        .then((answer) => answer.text())
        .catch(() => undefined);
      await running.settled();
    }
    return running.provider.requests.length - before;
  }

  it('answers that another call would not repeat', async () => {
    const running = await start();
    expect(await callsOf(running, { model: 'gpt-5-mini', messages })).toBe(2);
    expect(await callsOf(running, { ...chat, temperature: 0.1 })).toBe(2);
  });

  it('of the former all, where the app says so', async () => {
    const running = await start({ options: { cache: { when: 'always' } } });
    expect(await callsOf(running, { model: 'gpt-5-mini', messages })).toBe(1);
  });

  it('what the client asks to be new, or not to be kept', async () => {
    const running = await start();
    expect(await callsOf(running, chat, { 'cache-control': 'no-store' })).toBe(2);
    expect(await callsOf(running, chat, { 'cache-control': 'max-age=0, No-Cache' })).toBe(2);
    // "no-cache" has kept it.
    expect(await callsOf(running, chat)).toBe(0);
  });

  it('answers cut short by their cap, filtered, broken, faulty, or without usage', async () => {
    const running = await start();
    expect(await callsOf(running, { ...chat, max_completion_tokens: 3 })).toBe(2);
    for (const script of [
      { contentFilter: 'completion' as const },
      { wrongUsage: 'absent' as const },
      { status: 400 },
      { end: { afterChunks: 3 } },
      { reset: { afterChunks: 3 } },
      { errorEventAfterChunks: 3 },
      { done: false },
    ]) {
      for (const stream of [false, true]) {
        running.provider.script(script);
        const calls = await callsOf(running, { ...chat, stream, user: JSON.stringify(script) });
        const isWhole =
          !stream && !('contentFilter' in script || 'wrongUsage' in script || 'status' in script);
        if (!isWhole) expect({ script, stream, calls }).toEqual({ script, stream, calls: 2 });
      }
    }
  });

  it('answers in one piece whose connection breaks behind the JSON: the client has got an error', async () => {
    const running = await start();
    running.provider.script({ reset: { afterChunks: 1 } });
    for (const count of [1, 2]) {
      expect((await post(running, '/v1/chat/completions', chat)).status).toBe(502);
      await running.settled();
      expect(running.provider.requests).toHaveLength(count);
      expect(running.events[count - 1]).toMatchObject({ outcome: 'error', status: 200, uncertain: false });
    }
  });

  it('streams whose client goes away, or whose money runs out', async () => {
    const running = await start({
      provider: { script: { chunkDelayMs: 20 } },
      routes: (express, tg, { openAiUrl }) => {
        const provider = openai({ apiKey: 'simulated', baseUrl: openAiUrl });
        express.use('/v1', tg.proxy({ provider, whenClientGone: 'abort' }));
      },
    });
    const body = { ...chat, stream: true };
    for (const _ of [1, 2]) {
      const stream = await running.openai.chat.completions.create({ ...chat, stream: true });
      for await (const _chunk of stream) break;
      await running.settled();
    }
    expect(running.provider.requests).toHaveLength(2);
    await running.close();
    app = undefined;
    const poor = await start({
      plan: { spend: '$0.0001/day' },
      provider: { script: { tokens: 400, ignoreCap: true } },
    });
    const stopped = await post(poor, '/v1/chat/completions', { ...body, max_completion_tokens: 30 });
    expect(await stopped.text()).toContain('[DONE]');
    await poor.settled();
    expect(poor.events).toMatchObject([{ outcome: 'budget_stopped' }]);
    const again = await post(poor, '/v1/chat/completions', { ...body, max_completion_tokens: 30 });
    expect(again.headers.get('x-tollgate-cache')).not.toBe('hit');
  });

  it('what the guardrails have withheld, though they let the prompt pass', async () => {
    const running = await start({
      options: {
        guardrails: {
          rules: [pattern({ name: 'word', words: ['swordfish'], on: 'output', action: 'block' })],
        },
      },
      provider: { script: { text: 'the word is swordfish and nothing else' } },
    });
    for (const stream of [false, true]) expect(await callsOf(running, { ...chat, stream })).toBe(2);
  });
});
