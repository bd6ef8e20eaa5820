import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import type { ResilienceOptions } from '@tollgate/upstream';
import OpenAI from 'openai';
import {
  type Caller,
  callbackSink,
  memoryKeys,
  memoryQuota,
  openai,
  resilient,
  type Tollgate,
  tollgate,
  type UsageEvent,
} from 'tollgate';

const messages = [{ role: 'user' as const, content: 'Tell me of the sea.' }];
const retries = { baseMs: 1 } as const;
const worker: Caller = { id: 'w', tenant: 'acme', plan: 'worker', scopes: [], labels: {} };

let first: SimulatedProvider;
let second: SimulatedProvider;
let tg: Tollgate;
let events: UsageEvent[];
beforeEach(async () => {
  first = await simulateProvider();
  second = await simulateProvider();
  events = [];
  const store = memoryQuota({ sinks: [callbackSink((event) => void events.push(event))] });
  const plans = { worker: { spend: '$1/day' }, narrow: { spend: '$1/day', models: ['gpt-5'] } } as const;
  tg = tollgate({ plans, keys: memoryKeys(), store });
});
afterEach(async () => {
  await tg.close();
  await first.close();
  await second.close();
});

const toSecond = () => openai({ name: 'azure', apiKey: 'b', baseUrl: second.openAiUrl });
/** An SDK client that would retry by itself. */
function client(options: ResilienceOptions = {}): OpenAI {
  const fallbacks = { 'gpt-5': [{ provider: toSecond(), model: 'gpt-5-mini' }] };
  const steady = resilient(tg.fetch, { retries, fallbacks, ...options });
  return new OpenAI({ apiKey: 'a', baseURL: first.openAiUrl, fetch: steady, maxRetries: 2 });
}
const ask = (sdk: OpenAI, caller = worker) =>
  tg.runWith(caller, () => sdk.chat.completions.create({ model: 'gpt-5', messages }));
const rows = () => events.map(({ attempt, provider, model, status }) => [attempt, provider, model, status]);

describe("an SDK's own calls", () => {
  it('are tried three times by default where there is no other target, as the SDK alone would', async () => {
    first.queue({ status: 429, retryAfterMs: 1 }, { status: 429, retryAfterMs: 1 });
    const alone = new OpenAI({
      apiKey: 'a',
      baseURL: first.openAiUrl,
      fetch: resilient(tg.fetch, { retries: { baseMs: 1 } }),
    });
    const answer = await tg.runWith(worker, () =>
      alone.chat.completions.create({ model: 'gpt-5', messages }),
    );
    expect(answer.choices).toHaveLength(1);
    expect(first.requests.map(({ status }) => status)).toEqual([429, 429, 200]);
  });

  it('are tried again and fall back, as attempts of one call on one budget', async () => {
    first.script({ status: 503 });
    const answer = await ask(client());
    expect(answer.model).toContain('gpt-5-mini');
    expect(rows()).toEqual([
      [1, 'openai', 'gpt-5', 503],
      [2, 'openai', 'gpt-5', 503],
      [3, 'azure', 'gpt-5-mini', 200],
    ]);
    expect(new Set(events.map(({ callId }) => callId)).size).toBe(1);
    expect(events.map(({ requestedModel }) => requestedModel)).toEqual(['gpt-5', 'gpt-5', 'gpt-5']);
    expect(second.requests[0]?.headers.authorization).toBe('Bearer b');
  });

  it('stream, and the answer says how it came about', async () => {
    first.script({ status: 500 });
    const { data, response } = await tg.runWith(worker, async () => {
      const sent = client().chat.completions.create({ model: 'gpt-5', messages, stream: true });
      const made = await sent.withResponse();
      let text = '';
      for await (const chunk of made.data) text += chunk.choices[0]?.delta.content ?? '';
      return { data: text, response: made.response };
    });
    expect(data.length).toBeGreaterThan(10);
    expect(response.headers.get('x-tollgate-route')).toBe(
      'openai/gpt-5;status=500, openai/gpt-5;status=500, azure/gpt-5-mini'.replaceAll(
        'openai/',
        '127.0.0.1/',
      ),
    );
    expect(response.headers.get('x-tollgate-degraded')).toBe('fallback');
    expect(events.at(-1)).toMatchObject({ outcome: 'ok', source: 'provider', stream: true });
  });

  it('fail as they would have, without a fallback that the caller may not use, and without retries of the SDK on top', async () => {
    first.script({ status: 503 });
    await expect(ask(client(), { ...worker, plan: 'narrow' })).rejects.toMatchObject({ status: 503 });
    expect(first.requests).toHaveLength(2);
    expect(second.requests).toHaveLength(0);
    expect(events.every(({ costNanoUsd }) => costNanoUsd === '0')).toBe(true);
  });

  it('that nobody answers are charged once, and not repeated', async () => {
    first.script({ hang: 'before-headers' });
    const sdk = client({ timeouts: { firstByteMs: 500 } });
    await expect(ask(sdk)).rejects.toMatchObject({ status: 504, code: 'upstream_timeout' });
    expect(first.requests).toHaveLength(1);
    expect(events).toMatchObject([{ outcome: 'error', source: 'estimated' }]);
    expect(Number(events[0]?.costNanoUsd)).toBeGreaterThan(0);
  });

  it('to a provider that cannot be reached go to the next, free of charge', async () => {
    await first.close();
    expect((await ask(client())).model).toContain('gpt-5-mini');
    expect(rows()).toEqual([
      [1, 'openai', 'gpt-5', 0],
      [2, 'openai', 'gpt-5', 0],
      [3, 'azure', 'gpt-5-mini', 200],
    ]);
    expect(events.map(({ costNanoUsd }) => costNanoUsd === '0')).toEqual([true, true, false]);
  });

  it('that the app aborts itself are aborted, and nothing follows', async () => {
    first.hold();
    const abort = new AbortController();
    const sdk = client();
    const asked = tg.runWith(worker, async () => {
      const sent = sdk.chat.completions.create({ model: 'gpt-5', messages }, { signal: abort.signal });
      await first.waitFor(1);
      abort.abort();
      await sent;
    });
    await expect(asked).rejects.toThrow('Request was aborted.');
    expect(first.requests).toHaveLength(1);
    expect(second.requests).toHaveLength(0);
  });

  it('of a stream that stalls in the middle end with an error, and are not repeated', async () => {
    first.script({ hang: { afterChunks: 4 } });
    const sdk = client({ timeouts: { idleMs: 300 } });
    const read = tg.runWith(worker, async () => {
      const stream = await sdk.chat.completions.create({ model: 'gpt-5', messages, stream: true });
      for await (const _ of stream);
    });
    await expect(read).rejects.toThrow('stopped in the middle');
    expect(first.requests).toHaveLength(1);
    expect(events).toHaveLength(1);
  });

  it('use the keys of a provider that is known by its URL', async () => {
    const known = openai({ apiKeys: ['k1', 'k2'], baseUrl: first.openAiUrl });
    first.script(({ headers }) => (headers.authorization === 'Bearer k1' ? { status: 401 } : {}));
    const sdk = client({ providers: [known] });
    await ask(sdk);
    await ask(sdk);
    expect(first.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer k1',
      'Bearer k2',
      'Bearer k2',
    ]);
  });
});

describe('any fetch', () => {
  it('can be made resilient, metered or not, and passes on what is no call of a model', async () => {
    const steady = resilient(fetch, { retries });
    const anthropic = new Anthropic({ apiKey: 'a', baseURL: first.url, fetch: steady, maxRetries: 0 });
    first.queue({ status: 529 });
    const answer = await anthropic.messages.create({ model: 'claude-sonnet-5', max_tokens: 50, messages });
    expect(answer.type).toBe('message');
    expect((await steady(`${first.openAiUrl}/models`)).status).toBe(200);
    expect(first.requests).toHaveLength(3);
  });
});
