import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { anthropic, openai } from '../src/index.js';
import { appKey, chat, type Journey, type JourneyOptions, journey, messages } from './journey.js';

let open: Journey | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function start(options: JourneyOptions = {}): Promise<Journey> {
  open = await journey(options);
  return open;
}

/** Sends bytes as they are; resolves with all that comes back. */
function raw(app: Journey, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () => socket.write(text));
    let received = '';
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}

const hostile = {
  authorization: 'Bearer theirs',
  'x-api-key': 'theirs',
  'api-key': 'theirs',
  'x-goog-api-key': 'theirs',
  cookie: 'session=theirs',
  forwarded: 'for=10.0.0.1',
  'x-forwarded-for': '10.0.0.1',
  'x-forwarded-host': 'evil.example',
  'x-real-ip': '10.0.0.1',
  origin: 'https://evil.example',
  referer: 'https://evil.example/',
  'openai-organization': 'org-theirs',
  'openai-project': 'proj-theirs',
  'openai-beta': 'assistants=v2',
  'anthropic-beta': 'context-1m-2025-08-07',
  'anthropic-version': '1999-01-01',
  'anthropic-dangerous-direct-browser-access': 'true',
  'idempotency-key': 'theirs',
  'accept-encoding': 'gzip, br',
  'x-http-method-override': 'DELETE',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

describe('what a client sends', () => {
  it('reaches the provider as body alone: its headers are made from scratch', async () => {
    const { post, sim } = await start();
    expect((await post('/v1/chat/completions', chat, hostile)).status).toBe(200);
    expect(sim.requests[0]?.headers).toEqual({
      host: `127.0.0.1:${sim.port}`,
      connection: 'keep-alive',
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'tollgate',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(JSON.stringify(chat))),
      authorization: `Bearer ${appKey}`,
    });
    await post('/v1/messages', messages, hostile);
    expect(sim.requests[1]?.headers).toEqual({
      ...sim.requests[0]?.headers,
      authorization: undefined,
      'content-length': String(Buffer.byteLength(JSON.stringify(messages))),
      'x-api-key': appKey,
      'anthropic-version': '2023-06-01',
    });
  });

  it('passes the headers that the app names, with the values it names', async () => {
    const { post, sim } = await start({
      providers: (one) => [
        anthropic({
          apiKey: appKey,
          baseUrl: one.url,
          passHeaders: { 'Anthropic-Beta': ['files-2025'], 'x-trace': 'any' },
        }),
      ],
    });
    const beta = 'context-1m-2025-08-07, files-2025,evil';
    await post('/v1/messages', messages, { 'anthropic-beta': beta, 'x-trace': 'abc' });
    await post('/v1/messages', messages, { 'anthropic-beta': 'evil' });
    expect(sim.requests[0]?.headers).toMatchObject({ 'anthropic-beta': 'files-2025', 'x-trace': 'abc' });
    expect(sim.requests[1]?.headers).not.toHaveProperty('anthropic-beta');
  });

  it.each([
    [{ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'vendor=1' }, true, true],
    [{ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'a\r\nb: c' }, true, false],
    [{ traceparent: `00-${'a'.repeat(32)}-1\r\nx-evil: 1`, tracestate: 'vendor=1' }, false, false],
    [{ baggage: 'tenant=acme', authorization: 'Bearer theirs' }, false, false],
    [undefined, false, false],
  ])('passes on the trace context of the app where it is valid: %j', async (given, parent, state) => {
    const context = given as { traceparent: string; tracestate: string } | undefined;
    const { post, sim } = await start({ traceContext: () => context as never });
    expect((await post('/v1/chat/completions', chat, hostile)).status).toBe(200);
    const { headers } = sim.requests[0] ?? {};
    expect(headers?.traceparent).toBe(parent ? context?.traceparent : undefined);
    expect(headers?.tracestate).toBe(state ? context?.tracestate : undefined);
    expect(headers).toMatchObject({ authorization: `Bearer ${appKey}` });
    expect(headers).not.toHaveProperty('baggage');
  });

  it.each([
    '/v1/chat/completions?api-version=1&key=theirs&model=other',
    '/V1/Chat/Completions/',
    '/v1/../admin/v1/chat/completions',
    '/v1/%2e%2e/chat/completions',
    '/x@evil.example/v1/chat/completions',
    '//evil.example/v1/chat/completions',
  ])('reaches the path of the API and no other: %s', async (path) => {
    const app = await start();
    const body = JSON.stringify(chat);
    const answer = await raw(
      app,
      `POST ${path} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(app.sim.requests.map(({ url }) => url)).toEqual(['/v1/chat/completions']);
    expect(app.sim.requests[0]?.headers.host).toBe(`127.0.0.1:${app.sim.port}`);
  });

  it('cannot smuggle a second request past the body that was parsed', async () => {
    const app = await start();
    const body = JSON.stringify(chat);
    await raw(
      app,
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\n\r\n`,
    );
    expect(app.sim.requests).toEqual([]);
  });

  it.each([
    ['POST', '/v1/files'],
    ['POST', '/v1/batches'],
    ['POST', '/v1/chat/completions/123'],
    ['POST', '/v1/messages/batches'],
    ['POST', '/v1/models'],
    ['POST', '/v1/threads/t_1/messages'],
    ['GET', '/v1/chat/completions'],
    ['GET', '/v1/files'],
    ['DELETE', '/v1/models'],
    ['PUT', '/v1/chat/completions'],
  ])('is answered 404 not_found where no call of a model is: %s %s', async (method, path) => {
    const { url, sim } = await start();
    const response = await fetch(url + path, { method });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'not_found' } });
    expect(sim.requests).toEqual([]);
  });

  it('is answered 404 for a tuned model of Gemini, whose path providers do not have here', async () => {
    const { post, sim } = await start();
    const response = await post('/v1beta/tunedModels/mine:generateContent', { contents: [] });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { status: 'NOT_FOUND' } });
    expect(sim.requests).toEqual([]);
  });

  it.each(['..', '.', 'a/b', 'a%2fb', 'a?b', 'a#b', 'a b', 'ü', ''])(
    'cannot leave the path by its model: %j',
    async (model) => {
      const { post, sim } = await start();
      const response = await post(`/v1beta/models/${encodeURIComponent(model)}:generateContent`, {
        contents: [],
      });
      expect([400, 404]).toContain(response.status);
      expect(sim.requests).toEqual([]);
    },
  );

  it.each([undefined, [], 'text', 5, null])('is refused where it is no JSON object: %j', async (body) => {
    const { url, sim } = await start();
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: expect.stringMatching(/^invalid_/) } });
    expect(sim.requests).toEqual([]);
  });

  it('cannot be a model that no provider takes', async () => {
    const { post, sim } = await start({
      providers: (one) => [openai({ apiKey: appKey, baseUrl: one.openAiUrl, models: ['gpt-5*'] })],
    });
    expect((await post('/v1/chat/completions', chat)).status).toBe(200);
    const other = await post('/v1/chat/completions', { ...chat, model: 'o1-pro' });
    expect(other.status).toBe(404);
    expect(await other.json()).toMatchObject({ error: { code: 'not_found', param: 'model' } });
    expect((await post('/v1/chat/completions', { ...chat, model: ['gpt-5'] })).status).toBe(400);
    expect((await post('/v1/messages', messages)).status).toBe(404);
    expect(sim.requests).toHaveLength(1);
  });
});

describe('what a provider sends', () => {
  it('reaches the client as content type, request id and body alone', async () => {
    const app = await start();
    app.sim.queue({
      headers: {
        'set-cookie': 'theirs=1',
        'access-control-allow-origin': '*',
        'strict-transport-security': 'max-age=1',
        'x-request-id': 'req_theirs',
        'openai-organization': 'org-ours',
        server: 'theirs',
        'x-should-retry': 'true',
      },
    });
    const response = await app.post('/v1/chat/completions', { ...chat, stream: true });
    await response.text();
    const own = [...response.headers.keys()].filter((name) => !['date', 'keep-alive'].includes(name));
    expect(own.sort()).toEqual([
      'cache-control',
      'connection',
      'content-type',
      'request-id',
      'transfer-encoding',
      'x-accel-buffering',
      'x-powered-by',
      'x-provider-request-id',
      'x-request-id',
    ]);
    expect(response.headers.get('x-provider-request-id')).toBe('req_theirs');
    expect(response.headers.get('x-request-id')).toBe(app.seen.contexts[0]?.requestId);
  });
});
