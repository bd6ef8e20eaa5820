import http from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { type Script, type SimulatedProvider, simulateProvider } from '../src/index.js';

describe('scripted faults', () => {
  let provider: SimulatedProvider;
  let client: OpenAI;
  beforeAll(async () => {
    provider = await simulateProvider();
    client = new OpenAI({ apiKey: 'sk-test', baseURL: provider.openAiUrl, maxRetries: 0 });
  });
  afterEach(() => provider.reset());
  afterAll(() => provider.close());

  const body = { model: 'gpt-5-mini', messages: [{ role: 'user' as const, content: 'Hello there' }] };
  const post = (more: object = {}, init: RequestInit = {}) =>
    fetch(`${provider.openAiUrl}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...body, ...more }),
      ...init,
    });
  const failureOf = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (error: unknown) => error,
    );

  it.each([
    [400, 'invalid_request_error'],
    [401, 'invalid_request_error'],
    [403, 'request_forbidden'],
    [404, 'invalid_request_error'],
    [429, 'tokens'],
    [500, 'server_error'],
    [503, 'server_error'],
    [529, 'server_error'],
  ])('answers %i with a body of type %s, and bills nothing', async (status, type) => {
    provider.queue({ status });
    const failure = await failureOf(client.chat.completions.create(body));
    expect(failure).toMatchObject({ status, type });
    expect(provider.accounts().billed).toMatchObject({ inputTokens: 0, outputTokens: 0 });
    expect(provider.accounts().byStatus).toEqual({ [status]: 1 });
  });

  it('answers 502 with the page of the edge in front, not with JSON', async () => {
    provider.queue({ status: 502 });
    const response = await post();
    expect([response.status, response.headers.get('content-type')]).toEqual([502, 'text/html']);
    expect(await response.text()).toContain('<title>502 Bad Gateway</title>');
  });

  it('says when to retry, and what is left of the rate limit', async () => {
    provider.queue(
      { status: 429, retryAfterSeconds: 360, retryAfterMs: 12 },
      { status: 429, errorCode: 'insufficient_quota' },
    );
    const { headers } = await post();
    expect(Object.fromEntries(headers)).toMatchObject({
      'retry-after': '360',
      'retry-after-ms': '12',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m0s',
    });
    const exhausted: unknown = await (await post()).json();
    expect(exhausted).toMatchObject({ error: { type: 'insufficient_quota', code: 'insufficient_quota' } });
  });

  it("says it in Anthropic's own headers to Anthropic's clients", async () => {
    provider.queue({ status: 429, retryAfterSeconds: 2 });
    const { headers } = await fetch(`${provider.url}/v1/messages`, { method: 'POST', body: '{}' });
    expect(headers.get('anthropic-ratelimit-tokens-remaining')).toBe('0');
    expect(headers.get('anthropic-ratelimit-input-tokens-reset')).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
    );
  });

  it('lets an SDK retry into the next script of the queue', async () => {
    provider.queue({ status: 500, retryAfterMs: 1 }, { reset: 'before-headers' });
    const retrying = new OpenAI({ apiKey: 'sk-test', baseURL: provider.openAiUrl, maxRetries: 2 });
    const answer = await retrying.chat.completions.create(body);
    expect(answer.usage?.completion_tokens).toBe(24);
    expect(provider.requests.map((request) => request.outcome)).toEqual(['answered', 'cut', 'answered']);
    expect(provider.requests.map((request) => request.billed.inputTokens)).toEqual([0, 8, 8]);
  });

  it('resets before the headers, after bytes, and after chunks, and bills what it had produced', async () => {
    provider.queue({ reset: 'before-headers' }, { reset: { afterBytes: 20 } }, { reset: { afterChunks: 6 } });
    expect(await failureOf(post())).toMatchObject({ name: 'TypeError' });
    expect(await failureOf(post().then((response) => response.text()))).toMatchObject({ name: 'TypeError' });
    const stream = await post({ stream: true });
    const decoder = new TextDecoder();
    let received = '';
    const failure = await failureOf(
      (async () => {
        for await (const part of stream.body ?? []) received += decoder.decode(part, { stream: true });
      })(),
    );
    expect(failure).toMatchObject({ name: 'TypeError' });
    expect(received.match(/^data: /gm)).toHaveLength(6);
    await provider.waitForEnd(3);
    expect(
      provider.requests.map((request) => [request.outcome, request.status, request.billed.outputTokens]),
    ).toEqual([
      ['cut', undefined, 0],
      ['cut', 200, 24],
      ['cut', 200, 5],
    ]);
    expect(provider.requests[1]?.reportedUsage).toBeUndefined();
  });

  it('hangs before the headers until the client gives up', async () => {
    provider.queue({ hang: 'before-headers' });
    const abort = new AbortController();
    const failure = failureOf(post({}, { signal: abort.signal }));
    await provider.waitFor(1);
    expect(provider.requests[0]).toMatchObject({ outcome: 'open', status: undefined });
    abort.abort();
    expect(await failure).toMatchObject({ name: 'AbortError' });
    await provider.waitForEnd(1);
    expect(provider.requests[0]).toMatchObject({
      aborted: true,
      billed: { inputTokens: 8, outputTokens: 0 },
    });
  });

  it('hangs in mid-stream, having sent what came before', async () => {
    provider.queue({ hang: { afterChunks: 4 } });
    const abort = new AbortController();
    const response = await post({ stream: true }, { signal: abort.signal });
    const reader = response.body?.getReader();
    let received = '';
    while (received.split('\n\n').length <= 4)
      received += Buffer.from((await reader?.read())?.value ?? []).toString();
    abort.abort();
    await provider.waitForEnd(1);
    expect(provider.requests[0]).toMatchObject({ aborted: true, status: 200, producedTokens: 3 });
  });

  it('ends early but properly, without the last words', async () => {
    provider.queue({ end: { afterChunks: 3 } }, { end: { afterBytes: 10 } });
    const stream = await (await post({ stream: true })).text();
    const json = await (await post()).text();
    expect(stream).not.toContain('[DONE]');
    expect(stream.match(/^data: /gm)).toHaveLength(3);
    expect(json).toHaveLength(10);
  });

  it('turns a 200 stream into an error event that the SDK throws', async () => {
    provider.queue({ errorEventAfterChunks: 5 });
    let seen = 0;
    const failure = await failureOf(
      (async () => {
        for await (const _chunk of await client.chat.completions.create({ ...body, stream: true })) seen += 1;
      })(),
    );
    expect(seen).toBe(5);
    expect(failure).toMatchObject({ type: 'server_error' });
    expect(provider.requests[0]?.billed.outputTokens).toBe(4);
  });

  it('redirects, and sends a wrong content type', async () => {
    provider.queue(
      { redirectTo: 'http://127.0.0.1:1/elsewhere' },
      { contentType: 'text/plain', headers: { 'x-extra': 'yes' } },
    );
    const redirect = await post({}, { redirect: 'manual' });
    const wrong = await post();
    expect([redirect.status, redirect.headers.get('location')]).toEqual([
      307,
      'http://127.0.0.1:1/elsewhere',
    ]);
    expect([wrong.headers.get('content-type'), wrong.headers.get('x-extra')]).toEqual(['text/plain', 'yes']);
  });

  it('closes a kept-alive connection when the next request comes in on it, without billing that one', async () => {
    provider.queue({ closeConnection: 'on-next-request' });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const send = () =>
      new Promise<number | undefined>((resolve, reject) => {
        const request = http.request(
          `${provider.openAiUrl}/chat/completions`,
          { method: 'POST', agent },
          (response) => {
            response.resume().on('end', () => resolve(response.statusCode));
          },
        );
        request.on('error', reject).end(JSON.stringify(body));
      });
    expect(await send()).toBe(200);
    expect(await failureOf(send())).toMatchObject({ code: 'ECONNRESET' });
    expect(await send()).toBe(200);
    agent.destroy();
    expect(provider.requests.map((request) => [request.outcome, request.billed.inputTokens])).toEqual([
      ['answered', 8],
      ['cut', 0],
      ['answered', 8],
    ]);
  });

  it('paces a stream, and an abort stops the tokens', async () => {
    provider.script({ tokens: 1000, tokensPerSecond: 500 });
    const abort = new AbortController();
    const stream = await client.chat.completions.create({ ...body, stream: true }, { signal: abort.signal });
    let seen = 0;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) seen += 1;
      if (seen === 5) break;
    }
    await provider.waitForEnd(1);
    const [request] = provider.requests;
    expect(request?.aborted).toBe(true);
    expect(request?.producedTokens).toBeGreaterThanOrEqual(5);
    expect(request?.producedTokens).toBeLessThan(1000);
    expect(request?.billed.outputTokens).toBe(request?.producedTokens);
  });

  it.each([
    ['absent', undefined, undefined],
    ['null', null, null],
    ['zero', 0, 0],
    ['negative', -9, -25],
    ['string', '8', '24'],
    ['absurd', 9e12, 9e12],
    ['fraction', 8.5, 24.5],
  ] as const)('reports %s usage and keeps the truth', async (wrongUsage, input, output) => {
    provider.script({ wrongUsage });
    const answer: OpenAI.ChatCompletion = JSON.parse(await (await post()).text());
    const usage = answer.usage ?? undefined;
    if (input === undefined || input === null) expect(Reflect.get(answer, 'usage')).toBe(input);
    else expect([usage?.prompt_tokens, usage?.completion_tokens]).toEqual([input, output]);
    const text = await (await post({ stream: true, stream_options: { include_usage: true } })).text();
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(provider.accounts().billed).toMatchObject({ inputTokens: 16, outputTokens: 48 });
  });

  it('reports usage twice, or as a function wants it', async () => {
    provider.queue({ wrongUsage: 'twice' }, { wrongUsage: () => ({ surprise: true }) });
    const text = await (await post({ stream: true, stream_options: { include_usage: true } })).text();
    expect(text.match(/"usage":\{/g)).toHaveLength(2);
    expect(await (await post()).json()).toMatchObject({ usage: { surprise: true } });
  });

  it('answers 500 with the reason where the function that chooses scripts is at fault', async () => {
    const misspelt: object = { statsu: 429 };
    provider.script(() => misspelt);
    const failure = await failureOf(client.chat.completions.create(body));
    expect(failure).toMatchObject({ status: 500, type: 'simulation_error' });
    expect(String(failure)).toContain('a script has no field "statsu"');
  });

  it('throws on a misspelt field or a wrong value, naming it', async () => {
    const misspelt: object = { statsu: 500 };
    expect(() => provider.queue(misspelt)).toThrow('simulateProvider: a script has no field "statsu"');
    const wrong: Script = { chunkBytes: 0 };
    expect(() => provider.script(wrong)).toThrow('script field "chunkBytes" cannot be 0');
    const option: object = { prot: 1 };
    await expect(simulateProvider(option)).rejects.toThrow('unknown option "prot"');
  });
});
