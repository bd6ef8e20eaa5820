import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import type { TollgateContext } from '@tollgate/core';
import type { RequestHandler, Response } from 'express';
import request from 'supertest';
import { meteredApp } from './metered-app.js';

const body = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'hi' }], max_completion_tokens: 10 };
const path = '/v1/chat/completions';
const ok: RequestHandler = (_req, res) => void res.json({});

/** Lets settlements, which come in a later turn of the event loop, come. */
const turns = async (count = 5): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

describe('a handler that calls its provider by means of its own', () => {
  it('is charged the estimate, flagged, when it answers 2xx and reports nothing', async () => {
    const { app, events, settled } = meteredApp((app) => app.post(path, ok));
    await request(app).post(path).send(body).expect(200);
    await settled(1);
    expect(events).toMatchObject([
      { source: 'estimated', uncertain: true, outputTokens: 10, outcome: 'ok', route: path },
    ]);
    expect(Number(events[0]?.costNanoUsd)).toBeGreaterThan(10 * 2000);
  });

  it.each([
    ['answers 4xx', ((_req, res) => void res.status(404).json({})) satisfies RequestHandler],
    ['answers 5xx', ((_req, res) => void res.status(500).json({})) satisfies RequestHandler],
    [
      'says that it made no call',
      ((req, res) => {
        req.tollgate.noCall();
        res.json({});
      }) satisfies RequestHandler,
    ],
  ])('is charged nothing when it %s', async (_name, handler) => {
    const { app, events } = meteredApp((app) => app.post(path, handler));
    await request(app).post(path).send(body);
    await turns();
    expect(events).toEqual([]);
  });

  it('is charged nothing when no route matches', async () => {
    const { app, events } = meteredApp(() => undefined);
    await request(app).post(path).send(body).expect(404);
    await turns();
    expect(events).toEqual([]);
  });

  /** A client leaves while the handler is at work; resolves when that is known. */
  async function left() {
    let entered: () => void = () => undefined;
    const inHandler = new Promise<void>((resolve) => {
      entered = resolve;
    });
    let response: Response | undefined;
    const metered = meteredApp((app) =>
      app.post(path, (_req, res) => {
        response = res;
        entered();
      }),
    );
    const url = await metered.listen();
    const sending = httpRequest(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    sending.on('error', () => undefined);
    sending.end(JSON.stringify(body));
    await inHandler;
    const [context] = metered.contexts;
    sending.destroy();
    await once(context?.signal ?? new EventTarget(), 'abort');
    await turns();
    // Nothing is settled as long as the handler may still say what it used.
    expect(metered.events).toEqual([]);
    return { ...metered, context: context as TollgateContext, response: response as Response };
  }

  it('is charged its input when the client leaves and nothing is heard of a call, the rest unresolved', async () => {
    const { context, events, close } = await left();
    // As after 60 seconds.
    context.calls.handled();
    await turns();
    expect(events).toMatchObject([
      { source: 'estimated', uncertain: true, outputTokens: 0, outcome: 'aborted', route: path },
    ]);
    expect(Number(events[0]?.unresolvedNanoUsd)).toBe(10 * 2000);
    await close();
  });

  it('is charged what it records after the client has left, once', async () => {
    const { context, events, close } = await left();
    const usage = { inputTokens: 100, outputTokens: 20 };
    await context.record({ provider: 'openai', model: 'gpt-5-mini', usage });
    context.calls.handled();
    await turns();
    expect(events).toMatchObject([{ inputTokens: 100, outputTokens: 20, uncertain: false, attempt: 1 }]);
    await close();
  });

  it.each([
    [200, [{ source: 'estimated', uncertain: true, outputTokens: 10 }]],
    [500, []],
  ])(
    'is settled at once when the client leaves after the whole answer of status %i was written',
    async (status, expected) => {
      const answer = 'x'.repeat(20_000_000);
      const metered = meteredApp((app) =>
        app.post(path, (_req, res) => void res.status(status).send(answer)),
      );
      const url = await metered.listen();
      const sending = httpRequest(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      });
      sending.on('error', () => undefined);
      sending.end(JSON.stringify(body));
      await once(sending, 'response');
      sending.destroy();
      const [context] = metered.contexts;
      while (!context?.calls.finished) await turns();
      await metered.settled(expected.length);
      await turns();
      expect(metered.events).toMatchObject(expected);
      expect(metered.events).toHaveLength(expected.length);
      await metered.close();
    },
  );

  it.each<[string, (of: { context: TollgateContext; response: Response }) => void]>([
    ['says that it made no call', ({ context }) => context.noCall()],
    ['answers that it failed', ({ response }) => void response.status(500).end()],
  ])('is charged nothing when the client leaves and it %s', async (_name, say) => {
    const { context, events, response, close } = await left();
    say({ context, response });
    context.calls.handled();
    await turns();
    expect(events).toEqual([]);
    await close();
  });

  it.each([
    ['our words', { inputTokens: 100, outputTokens: 20, reasoningTokens: 5 }],
    ['OpenAI’s', { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 }],
    ['OpenAI’s responses', { input_tokens: 100, output_tokens: 20 }],
    ['Anthropic’s', { input_tokens: 90, cache_read_input_tokens: 10, output_tokens: 20 }],
    ['Gemini’s', { promptTokenCount: 100, candidatesTokenCount: 15, thoughtsTokenCount: 5 }],
  ])('records what it used in %s', async (_name, usage) => {
    const { app, events, settled } = meteredApp((app) =>
      app.post(path, async (req, res) => {
        await req.tollgate.record({
          provider: 'openai',
          model: 'gpt-5-mini',
          usage,
          labels: { step: 'one' },
        });
        res.json({});
      }),
    );
    await request(app).post(path).send(body).expect(200);
    await settled(1);
    await turns();
    expect(events).toMatchObject([
      { inputTokens: 100, outputTokens: 20, source: 'provider', uncertain: false, labels: { step: 'one' } },
    ]);
  });

  it('may record several calls, of other models, on a route that declares none', async () => {
    const { app, events, settled } = meteredApp((app) =>
      app.post('/summarize', async (req, res) => {
        const usage = { inputTokens: 1_000_000, outputTokens: 0 };
        await req.tollgate.record({ provider: 'openai', model: 'gpt-5-mini', usage });
        await req.tollgate.record({ provider: 'anthropic', model: 'claude-haiku-4-5', usage });
        res.json({});
      }),
    );
    await request(app).post('/summarize').send({ text: 'x' }).expect(200);
    await settled(2);
    expect(events.map(({ model, costNanoUsd }) => [model, costNanoUsd])).toEqual([
      ['gpt-5-mini', '250000000'],
      ['claude-haiku-4-5', '1000000000'],
    ]);
  });

  it('may take record, noCall and fetch off the context', async () => {
    const sent: string[] = [];
    const provider: typeof fetch = async (input) => {
      sent.push(String(input));
      return Response.json({ usage: { prompt_tokens: 7, completion_tokens: 2 } });
    };
    const { app, events, settled } = meteredApp(
      (app) => {
        app.post('/record', async ({ tollgate: { record, fetch } }, res) => {
          await record({ provider: 'openai', model: 'gpt-5-mini', usage: { inputTokens: 1 } });
          await (await fetch('https://api.openai.com/v1/chat/completions', post)).json();
          res.json({});
        });
        app.post(path, ({ tollgate: { noCall } }, res) => {
          noCall();
          res.json({});
        });
      },
      { fetch: provider },
    );
    const post = { method: 'POST', body: JSON.stringify(body) };
    await request(app).post('/record').send({}).expect(200);
    await settled(2);
    await request(app).post(path).send(body).expect(200);
    await turns();
    expect(sent).toHaveLength(1);
    expect(events.map(({ inputTokens }) => inputTokens)).toEqual([1, 7]);
  });

  it('takes the declared call’s place only with the declared model', async () => {
    const { app, events, settled } = meteredApp((app) =>
      app.post(path, async (req, res) => {
        await req.tollgate.record({
          provider: 'openai',
          model: 'gpt-5',
          usage: { inputTokens: 8, outputTokens: 1 },
        });
        res.json({});
      }),
    );
    await request(app).post(path).send(body).expect(200);
    await settled(1);
    await turns();
    expect(events).toMatchObject([{ model: 'gpt-5', costNanoUsd: '20000' }]);
  });

  it.each([
    [
      { provider: 'openai', model: 'gpt-5-mini', usage: { inputTokens: -1 } },
      /"usage.inputTokens" must be an integer/,
    ],
    [
      { provider: 'openai', model: 'gpt-5-mini', usage: { prompt_tokens: '7', completion_tokens: 1 } },
      /not an integer/,
    ],
    [{ provider: 'openai', model: 'gpt-5-mini', usage: {} }, /needs inputTokens or outputTokens/],
    [
      { provider: '', model: 'gpt-5-mini', usage: { inputTokens: 1 } },
      /"provider" must be a non-empty string/,
    ],
    [{ provider: 'openai', model: 'gpt-imaginary', usage: { inputTokens: 1 } }, /No price is known/],
  ])('has its mistakes pointed out: %j', async (recorded, message) => {
    let error: unknown;
    const { app, events } = meteredApp((app) =>
      app.post('/summarize', async (req, res) => {
        await req.tollgate.record(recorded).catch((caught: unknown) => {
          error = caught;
        });
        res.json({});
      }),
    );
    await request(app).post('/summarize').send({});
    expect(String(error)).toMatch(message);
    await turns();
    expect(events).toEqual([]);
  });
});
