import Anthropic from '@anthropic-ai/sdk';
import { afterEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { type AppSetup, type RunningApp, startApp } from './running-app.js';

const messages = [{ role: 'user' as const, content: 'Tell me of the sea.' }];

let app: RunningApp | undefined;
afterEach(() => app?.close());

async function start(setup?: AppSetup): Promise<RunningApp> {
  app = await startApp(setup);
  return app;
}

function post(to: RunningApp, path: string, body: object = {}): Promise<Response> {
  return fetch(to.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${to.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

describe('every way of calling a provider is metered', () => {
  it("the developer's own SDK client, several calls and two providers in one request", async () => {
    const running = await start({
      routes: (express, tg, provider) => {
        const openai = new OpenAI({ apiKey: 'x', baseURL: provider.openAiUrl, fetch: tg.fetch });
        const anthropic = new Anthropic({ apiKey: 'x', baseURL: provider.url, fetch: tg.fetch });
        express.post('/report', async (_req, res) => {
          await Promise.all([
            openai.chat.completions.create({ model: 'gpt-5-mini', messages }),
            anthropic.messages.create({ model: 'claude-haiku-4-5', max_tokens: 50, messages }),
          ]);
          await openai.embeddings.create({ model: 'text-embedding-3-small', input: 'the sea' });
          res.json({ done: true });
        });
      },
    });
    expect((await post(running, '/report')).status).toBe(200);
    await running.settled();
    expect(running.events.map(({ model }) => model).sort()).toEqual([
      'claude-haiku-4-5',
      'gpt-5-mini',
      'text-embedding-3-small',
    ]);
    expect(running.events.every(({ source, uncertain }) => source === 'provider' && !uncertain)).toBe(true);
    const { used, held } = await running.money();
    expect(held).toBe(0);
    expect(used).toBe(running.events.reduce((sum, event) => sum + Number(event.costNanoUsd), 0));
    expect(used).toBeGreaterThan(0);
  });

  it('recorded by hand', async () => {
    const running = await start({
      routes: (express) => {
        express.post('/transcribe', async (req, res) => {
          await req.tollgate.record({
            provider: 'openai',
            model: 'gpt-5-mini',
            usage: { inputTokens: 1_000, outputTokens: 500 },
          });
          res.json({});
        });
      },
    });
    expect((await post(running, '/transcribe')).status).toBe(200);
    await running.settled();
    expect(await running.money()).toEqual({ used: 1_000 * 250 + 500 * 2_000, held: 0 });
    expect(running.events).toMatchObject([{ model: 'gpt-5-mini', inputTokens: 1_000, outputTokens: 500 }]);
  });

  it('a call recorded after the money is gone is charged all the same: it was made', async () => {
    const running = await start({
      plan: { spend: '$0.001/day' },
      routes: (express) => {
        express.post('/transcribe', async (req, res) => {
          const call = {
            provider: 'openai',
            model: 'gpt-5-mini',
            usage: { inputTokens: 1_000, outputTokens: 500 },
          };
          await req.tollgate.record(call);
          await req.tollgate.record(call);
          res.json({});
        });
      },
    });
    expect((await post(running, '/transcribe')).status).toBe(200);
    await running.settled();
    expect(await running.money()).toEqual({ used: 2 * 1_250_000, held: 0 });
    expect((await post(running, '/transcribe')).status).toBe(402);
  });

  it('passed through, JSON and stream, in both formats', async () => {
    const running = await start();
    await running.openai.chat.completions.create({ model: 'gpt-5-mini', messages });
    for await (const _ of await running.openai.chat.completions.create({
      model: 'gpt-5-mini',
      messages,
      stream: true,
    }));
    await running.openai.responses.create({ model: 'gpt-5-mini', input: 'The sea?' });
    await running.anthropic.messages.create({ model: 'claude-haiku-4-5', max_tokens: 50, messages });
    await running.anthropic.messages
      .stream({ model: 'claude-haiku-4-5', max_tokens: 50, messages })
      .finalMessage();
    await running.settled();
    expect(running.events).toHaveLength(5);
    expect(running.events.map(({ stream }) => stream)).toEqual([false, true, false, false, true]);
    expect(running.events.every(({ source, outcome }) => source === 'provider' && outcome === 'ok')).toBe(
      true,
    );
    const tokens = running.events.reduce((sum, event) => sum + event.inputTokens + event.outputTokens, 0);
    const { inputTokens, outputTokens } = running.provider.accounts().billed;
    expect(tokens).toBe(inputTokens + outputTokens);
  });

  it('a handler that forgets to report is charged its estimate, flagged', async () => {
    const running = await start({
      routes: (express) =>
        void express.post('/v1/chat/completions', (_req, res) => void res.json({ choices: [] })),
    });
    await post(running, '/v1/chat/completions', { model: 'gpt-5-mini', max_completion_tokens: 10, messages });
    await running.settled();
    expect(running.events).toMatchObject([{ source: 'estimated', uncertain: true, outputTokens: 10 }]);
    expect((await running.money()).used).toBeGreaterThan(10 * 2_000);
  });

  it.each<[string, number]>([
    ['answered 500 without a call', 500],
    ['answered 404 without a call', 404],
  ])('a handler that %s is charged nothing', async (_what, status) => {
    const running = await start({
      routes: (express) =>
        void express.post('/v1/chat/completions', (_req, res) => void res.status(status).json({})),
    });
    await post(running, '/v1/chat/completions', { model: 'gpt-5-mini', messages });
    await running.settled();
    expect(await running.money()).toEqual({ used: 0, held: 0 });
  });

  it('a handler that says it made no call, and a request that no route takes, are charged nothing', async () => {
    const running = await start({
      routes: (express) =>
        void express.post('/v1/chat/completions', (req, res) => {
          req.tollgate.noCall();
          res.json({ cached: true });
        }),
    });
    await post(running, '/v1/chat/completions', { model: 'gpt-5-mini', messages });
    await post(running, '/v1/messages', { model: 'claude-haiku-4-5', max_tokens: 5, messages });
    await running.settled();
    expect(await running.money()).toEqual({ used: 0, held: 0 });
  });

  it('the plain SDK call without an output cap works on the smallest plan, and is capped by what is left', async () => {
    const running = await start({ plan: { spend: '$0.0005/day', tokens: '20k/day', maxOutputTokens: 1024 } });
    const answer = await running.openai.chat.completions.create({ model: 'gpt-5-mini', messages });
    expect(answer.choices[0]?.message.content).toBeTruthy();
    await running.settled();
    const sent = running.provider.requests[0]?.body as { max_completion_tokens: number };
    expect(sent.max_completion_tokens).toBeGreaterThan(16);
    expect(sent.max_completion_tokens).toBeLessThan(250);
  });

  it('outside a request the fetch of an SDK client throws instead of calling unmetered', async () => {
    const running = await start();
    const client = new OpenAI({
      apiKey: 'x',
      baseURL: running.provider.openAiUrl,
      fetch: running.tg.fetch,
      maxRetries: 0,
    });
    await expect(client.chat.completions.create({ model: 'gpt-5-mini', messages })).rejects.toThrow();
    expect(running.provider.requests).toHaveLength(0);
  });

  it('a script runs as a caller, on the same budget', async () => {
    const running = await start();
    const client = new OpenAI({ apiKey: 'x', baseURL: running.provider.openAiUrl, fetch: running.tg.fetch });
    const caller = { id: 'nightly', tenant: 'acme', plan: 'test', scopes: [], labels: { job: 'nightly' } };
    await running.tg.runWith(caller, () => client.chat.completions.create({ model: 'gpt-5-mini', messages }));
    expect(running.events).toMatchObject([
      { tenant: 'acme', labels: { job: 'nightly' }, source: 'provider' },
    ]);
    expect(running.events[0]?.charges).toHaveLength(1);
  });
});
