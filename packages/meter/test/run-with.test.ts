import { GoogleGenAI } from '@google/genai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type TollgateContext, TollgateError, type UsageEvent } from '@tollgate/core';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import OpenAI from 'openai';
import { meteredFetch, runWith } from '../src/index.js';
import { caller } from './metered-app.js';

let provider: SimulatedProvider;
beforeAll(async () => {
  provider = await simulateProvider();
});
afterEach(() => provider.reset());
afterAll(() => provider.close());

const model = 'gpt-5-mini';
const messages = [{ role: 'user' as const, content: 'Say hello' }];
const openai = () => new OpenAI({ apiKey: 'k', baseURL: provider.openAiUrl, fetch: meteredFetch() });

describe('runWith()', () => {
  it('meters a script: as its caller, with its labels, settled when it resolves', async () => {
    const events: UsageEvent[] = [];
    const text = await runWith(
      { ...caller, labels: { job: 'nightly' } },
      async () => (await openai().chat.completions.create({ model, messages })).choices[0]?.message.content,
      { sinks: [{ write: (event) => void events.push(event) }], labels: { job: 'mine', part: 'one' } },
    );
    expect(text).toBeTruthy();
    expect(events).toMatchObject([
      { tenant: 'acme', labels: { job: 'nightly', part: 'one' }, source: 'provider' },
    ]);
    expect(events[0]).not.toHaveProperty('route', expect.anything());
  });

  it('rejects with what the function rejects with, after settling', async () => {
    const events: UsageEvent[] = [];
    const run = runWith(
      caller,
      async () => {
        await openai().chat.completions.create({ model, messages });
        throw new Error('no more');
      },
      { sinks: [{ write: (event) => void events.push(event) }] },
    );
    await expect(run).rejects.toThrow('no more');
    expect(events).toHaveLength(1);
  });

  it('lets other packages join by their steps, which may refuse', async () => {
    const refusal = new TollgateError({
      status: 402,
      code: 'budget_exceeded',
      message: 'Gone.',
      retryAfterMs: false,
    });
    const steps = (context: TollgateContext): void =>
      context.calls.use({ name: 'budget', stage: 'cover', begin: () => Promise.reject(refusal) });
    const run = runWith(caller, () => openai().chat.completions.create({ model, messages }), { steps });
    await expect(run).rejects.toMatchObject({ status: 402, code: 'budget_exceeded' });
    expect(provider.requests).toHaveLength(0);
  });

  it('does not wait for ever for a body that the function has left unread', async () => {
    const events: UsageEvent[] = [];
    provider.script({ hang: { afterChunks: 2 } });
    const left = await runWith(
      caller,
      () => openai().chat.completions.create({ model, messages, stream: true }),
      { sinks: [{ write: (event) => void events.push(event) }], graceMs: 20 },
    );
    expect(left).toBeDefined();
    expect(events).toMatchObject([{ outcome: 'aborted', uncertain: true }]);
    await provider.waitForEnd(1);
  });

  it('gives up a body that lies unread for too long', async () => {
    const events: UsageEvent[] = [];
    provider.script({ hang: { afterChunks: 2 } });
    await runWith(
      caller,
      () =>
        meteredFetch({ idleMs: 20 })(`${provider.openAiUrl}/chat/completions`, {
          method: 'POST',
          body: JSON.stringify({ model, messages, stream: true }),
        }),
      { sinks: [{ write: (event) => void events.push(event) }], graceMs: 60_000 },
    );
    expect(events).toMatchObject([{ outcome: 'aborted', status: 200 }]);
  });

  it.each([
    [{ tap: 'response' }, 'runWith: unknown option "tap"'],
    [{ steps: 1 }, 'runWith: "steps" must be a function, received 1'],
  ])('throws at start for %j', async (options, message) => {
    await expect(Reflect.apply(runWith, undefined, [caller, () => 1, options])).rejects.toThrow(message);
  });
});

describe('the way a client leaves', () => {
  it('with whenClientGone: drain, a body that its reader left is read on for its usage', async () => {
    const events: UsageEvent[] = [];
    provider.script({ chunkDelayMs: 1, tokens: 12 });
    await runWith(
      caller,
      async () => {
        const response = await meteredFetch({ whenClientGone: 'drain' })(
          `${provider.openAiUrl}/chat/completions`,
          {
            method: 'POST',
            body: JSON.stringify({ model, messages, stream: true }),
          },
        );
        for await (const _chunk of response.body ?? []) break;
      },
      { sinks: [{ write: (event) => void events.push(event) }] },
    );
    expect(events).toMatchObject([{ outcome: 'ok', source: 'provider', outputTokens: 12 }]);
  });
});

describe('Google’s SDK', () => {
  it('is metered with our fetch, streaming or not', async () => {
    const events: UsageEvent[] = [];
    const ai = new GoogleGenAI({
      apiKey: 'k',
      httpOptions: { baseUrl: provider.url, fetch: meteredFetch() },
    });
    const asked = { model: 'gemini-2.5-flash', contents: 'Say hello' };
    await runWith(
      caller,
      async () => {
        await ai.models.generateContent(asked);
        for await (const _chunk of await ai.models.generateContentStream(asked));
      },
      { sinks: [{ write: (event) => void events.push(event) }] },
    );
    const { billed } = provider.accounts();
    expect(events.map(({ provider: name, outcome, source }) => [name, outcome, source])).toEqual([
      ['google', 'ok', 'provider'],
      ['google', 'ok', 'provider'],
    ]);
    expect(events.reduce((sum, event) => sum + event.outputTokens, 0)).toBe(billed.outputTokens);
  });
});
