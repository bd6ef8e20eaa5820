import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import type { ResilientOptions } from '@tollgate/upstream';
import OpenAI from 'openai';
import {
  anthropic,
  type Caller,
  callbackSink,
  gemini,
  memoryKeys,
  memoryQuota,
  openai,
  type Provider,
  priceCatalogue,
  pricing,
  resilience,
  resilient,
  router,
  type Tollgate,
  tollgate,
  type UsageEvent,
} from 'tollgate';

const simple = [{ role: 'user' as const, content: 'What is the capital of Norway?' }];
const code = [{ role: 'user' as const, content: 'Write unit tests for this TypeScript function' }];
const worker: Caller = { id: 'w', tenant: 'acme', plan: 'worker', scopes: [], labels: {} };

let cheap: SimulatedProvider;
let dear: SimulatedProvider;
let middle: SimulatedProvider;
let providers: Provider[];
let tg: Tollgate;
let events: UsageEvent[];
beforeEach(async () => {
  [cheap, dear, middle] = [await simulateProvider(), await simulateProvider(), await simulateProvider()];
  providers = [
    gemini({ apiKey: 'g', baseUrl: cheap.url }),
    openai({ apiKey: 'o', baseUrl: dear.openAiUrl }),
    anthropic({ apiKey: 'a', baseUrl: middle.url }),
  ];
  events = [];
  const store = memoryQuota({ sinks: [callbackSink((event) => void events.push(event))] });
  const plans = {
    worker: { spend: '$1/day' },
    narrow: { spend: '$1/day', models: ['gemini-2.5-flash'] },
  } as const;
  tg = tollgate({ plans, keys: memoryKeys(), store });
});
afterEach(async () => {
  await tg.close();
  for (const one of [...providers, cheap, dear, middle]) await one.close();
});

function route() {
  const [google, openAi, claude] = providers as [Provider, Provider, Provider];
  return router({
    models: [
      { provider: google, model: 'gemini-2.5-flash', quality: 0.6 },
      { provider: openAi, model: 'gpt-5', quality: 0.95 },
      { provider: claude, model: 'claude-haiku-4-5', quality: 0.7 },
    ],
    tasks: { simple: {}, code: { quality: 0.9 } },
    prices: pricing(priceCatalogue()),
  });
}
/** An SDK client whose own provider is not there: whatever is answered was routed. */
function client(options: ResilientOptions = {}, state = resilience({ retries: { baseMs: 1 } })): OpenAI {
  const routed = resilient(tg.fetch, state, { route: route(), translate: true, ...options });
  return new OpenAI({ apiKey: 'none', baseURL: 'http://127.0.0.1:9/v1', fetch: routed, maxRetries: 0 });
}
const ask = (sdk: OpenAI, messages: OpenAI.ChatCompletionMessageParam[], caller = worker) =>
  tg.runWith(caller, () => sdk.chat.completions.create({ model: 'auto', messages }).withResponse());
const rows = () => events.map(({ provider, model, status }) => [provider, model, status]);
const sent = () => [cheap, dear, middle].map(({ requests }) => requests.length);

describe("a router around an SDK's own calls", () => {
  it('sends each where its task is best answered, in whatever format, and says why', async () => {
    const sdk = client();
    const easy = await ask(sdk, simple);
    const hard = await ask(sdk, code);
    expect([easy.data.model, hard.data.model]).toEqual(['gemini-2.5-flash', 'gpt-5']);
    expect(easy.data.object).toBe('chat.completion');
    expect(easy.response.headers.get('x-tollgate-route')).toBe(
      'google/gemini-2.5-flash;task=simple;by=classifier;why=cheapest',
    );
    expect(hard.response.headers.get('x-tollgate-model')).toBe('gpt-5');
    expect(events).toMatchObject([
      { provider: 'google', model: 'gemini-2.5-flash', requestedModel: 'auto', labels: { task: 'simple' } },
      { provider: 'openai', model: 'gpt-5', requestedModel: 'auto', labels: { task: 'code' } },
    ]);
    expect(events.every(({ source, costNanoUsd }) => source === 'provider' && costNanoUsd !== '0')).toBe(
      true,
    );
    expect(dear.requests[0]?.headers.authorization).toBe('Bearer o');
  });

  it('streams a translated answer, and learns from it what the next decision is made of', async () => {
    interface Known {
      readonly target: string;
      readonly tokensPerSecond: number | null;
      readonly firstTokenP95Ms: number | null;
    }
    const inputs: { readonly outputTokens: number; readonly candidates: readonly Known[] }[] = [];
    const unsubscribe = subscribe(
      'tollgate:route',
      (facts) => void inputs.push(JSON.parse(JSON.stringify(facts.inputs))),
    );
    const sdk = client({ task: 'simple' });
    cheap.script({ chunkDelayMs: 2 });
    for (let at = 0; at < 21; at += 1) {
      await tg.runWith(worker, async () => {
        const stream = sdk.chat.completions.stream({ model: 'auto', messages: simple });
        const { choices } = await stream.finalChatCompletion();
        expect(choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: expect.any(String) } });
      });
    }
    unsubscribe();
    const known = inputs.map(({ candidates }) =>
      candidates.find(({ target }) => target.startsWith('google')),
    );
    expect(inputs.slice(0, 2).map(({ outputTokens }) => outputTokens)).toEqual([400, 382]);
    expect(known[0]?.tokensPerSecond).toBeNull();
    expect(known[1]?.tokensPerSecond).toBeGreaterThan(10);
    expect(known[19]?.firstTokenP95Ms).toBeNull();
    expect(known[20]?.firstTokenP95Ms).toBeGreaterThan(0);
    expect(events).toHaveLength(21);
  });

  it('goes to the next best, of another format, where the first fails, and leaves it alone once its breaker opens', async () => {
    const state = resilience({ retries: { baseMs: 1, perTarget: 1 }, breaker: { minimumCalls: 3 } });
    const sdk = client({}, state);
    cheap.script({ status: 500 });
    const { data, response } = await ask(sdk, simple);
    expect(data.model).toBe('claude-haiku-4-5');
    expect(response.headers.get('x-tollgate-route')).toBe(
      'google/gemini-2.5-flash;status=500, anthropic/claude-haiku-4-5;task=simple;by=classifier;why=cheapest',
    );
    await ask(sdk, simple);
    await ask(sdk, simple);
    expect(sent()).toEqual([3, 0, 3]);
    const { response: last } = await ask(sdk, simple);
    expect(last.headers.get('x-tollgate-route')).toBe(
      'anthropic/claude-haiku-4-5;task=simple;by=classifier;why=cheapest',
    );
    expect(sent()).toEqual([3, 0, 4]);
    expect(rows().slice(0, 2)).toEqual([
      ['google', 'gemini-2.5-flash', 500],
      ['anthropic', 'claude-haiku-4-5', 200],
    ]);
  });

  it('goes elsewhere where a provider says that its rate limit leaves no room', async () => {
    const sdk = client({ task: 'simple' });
    cheap.script({
      headers: { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '30s' },
    });
    const models = [await ask(sdk, simple), await ask(sdk, simple)].map(({ data }) => data.model);
    expect(models).toEqual(['gemini-2.5-flash', 'claude-haiku-4-5']);
  });

  it('refuses what no model of the plan is good enough for, before anything is sent, as an error of the API', async () => {
    const refused = ask(client(), code, { ...worker, plan: 'narrow' });
    await expect(refused).rejects.toMatchObject({ status: 403, code: 'model_not_allowed' });
    expect(sent()).toEqual([0, 0, 0]);
    expect(events).toEqual([]);
  });

  it('passes over what cannot be expressed at a provider, and refuses it by name where none is left', async () => {
    const sdk = client({ task: 'simple' });
    const asked = { model: 'auto', messages: simple, logit_bias: { 1: 1 } };
    const { data } = await tg.runWith(worker, () => sdk.chat.completions.create(asked).withResponse());
    expect(data.model).toBe('gpt-5');
    const narrow = { ...worker, plan: 'narrow' };
    await expect(tg.runWith(narrow, () => sdk.chat.completions.create(asked))).rejects.toMatchObject({
      status: 400,
      param: 'logit_bias',
    });
  });

  it('tells the reader of a translated stream that it was cut, and charges what was seen', async () => {
    const sdk = client({ task: 'simple' });
    cheap.script({ end: { afterChunks: 4 } });
    const read = tg.runWith(worker, async () => {
      const stream = await sdk.chat.completions.create({ model: 'auto', messages: simple, stream: true });
      for await (const chunk of stream) expect(chunk.choices[0]?.finish_reason ?? null).toBeNull();
    });
    await expect(read).rejects.toThrow('ended its answer before it was complete');
    expect(events).toHaveLength(1);
  });
});

describe('a router around any fetch', () => {
  it('serves other SDKs, metered or not, by a task that the app names, and leaves other models alone', async () => {
    const routed = resilient(fetch, {}, { route: route(), task: 'code', translate: true });
    const sdk = new Anthropic({ apiKey: 'none', baseURL: middle.url, fetch: routed, maxRetries: 0 });
    const ask = { model: 'auto', max_tokens: 50, messages: simple };
    expect(await sdk.messages.create(ask)).toMatchObject({ type: 'message', model: 'gpt-5' });
    const streamed = await sdk.messages.stream(ask).finalMessage();
    expect(streamed).toMatchObject({ model: 'gpt-5', stop_reason: 'end_turn' });
    const own = await sdk.messages.create({ ...ask, model: 'claude-sonnet-5' });
    expect(own.model).toBe('claude-sonnet-5');
    expect(sent()).toEqual([0, 2, 1]);
  });

  it('serves responses.create() by providers that know no responses', async () => {
    const routed = resilient(fetch, {}, { route: route(), task: 'simple', translate: true });
    const sdk = new OpenAI({
      apiKey: 'none',
      baseURL: 'http://127.0.0.1:9/v1',
      fetch: routed,
      maxRetries: 0,
    });
    const answer = await sdk.responses.create({ model: 'auto', input: 'What is the capital of Norway?' });
    expect(answer).toMatchObject({ model: 'gemini-2.5-flash', status: 'completed' });
  });

  it.each<[object, string]>([
    [{ route: {} }, 'resilient: "route" must be what router() returns'],
    [{ task: 'code' }, 'resilient: "task" must be a task of "route", received "code"'],
    [{ translated: true }, 'resilient: unknown option "translated"'],
  ])('refuses %j at start', (wrong, message) => {
    expect(() => resilient(fetch, {}, wrong)).toThrow(message);
  });
});
