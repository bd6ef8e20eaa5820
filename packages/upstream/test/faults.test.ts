import { afterEach, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import type { Script } from '@tollgate/simulator';
import { openAiCompatible, openai, type Timeouts } from '../src/index.js';
import { chat, type Journey, type JourneyOptions, journey, messages } from './journey.js';

let open: Journey | undefined;
let unsubscribe: (() => void) | undefined;
afterEach(async () => {
  unsubscribe?.();
  unsubscribe = undefined;
  await open?.close();
  open = undefined;
});

async function start(options: JourneyOptions = {}): Promise<Journey> {
  open = await journey(options);
  return open;
}

/** Short where the provider hangs for ever; a busy machine must not make other answers late. */
function timeoutsFor({ hang }: Script): Timeouts {
  if (hang === undefined) return {};
  return hang === 'before-headers' ? { firstByteMs: 150 } : { idleMs: 300 };
}

const stream = { ...chat, stream: true };
const messageStream = { ...messages, stream: true };

/** What the client was told, and that the call ended once with nothing left running. */
async function after(script: Script, body: object, path = '/v1/chat/completions', options?: JourneyOptions) {
  const app = await start({ timeouts: timeoutsFor(script), ...options });
  app.sim.queue(script);
  const response = await app.post(path, body);
  const text = await response.text().catch((error: Error) => `cut: ${error.message}`);
  await app.ended(1);
  expect(app.seen.ends).toHaveLength(1);
  expect(app.seen.contexts[0]?.calls.running.size).toBe(0);
  return { app, response, text, end: app.seen.ends[0], json: () => JSON.parse(text) };
}

describe('a provider that fails before its answer begins', () => {
  it.each([
    ['hangs', { hang: 'before-headers' }, 504, 'upstream_timeout', 0],
    ['resets the connection', { reset: 'before-headers' }, 502, 'upstream_error', 0],
    ['resets it hard', { reset: 'before-headers', resetWithRst: true }, 502, 'upstream_error', 0],
    ['answers 500', { status: 500 }, 502, 'upstream_error', 500],
    ['answers 502 with a page', { status: 502 }, 502, 'upstream_error', 502],
    ['answers 503', { status: 503 }, 503, 'upstream_unavailable', 503],
    ['answers 529', { status: 529 }, 503, 'upstream_unavailable', 529],
    ['redirects', { redirectTo: 'http://127.0.0.1:9/elsewhere' }, 502, 'upstream_error', 307],
    ['answers with a page', { contentType: 'text/html' }, 502, 'upstream_error', 200],
    ['refuses our key', { status: 401 }, 502, 'upstream_error', 401],
    ['forbids our key', { status: 403 }, 502, 'upstream_error', 403],
    ['limits us', { status: 429, retryAfterSeconds: 7 }, 429, 'upstream_rate_limited', 429],
  ] as [string, Script, number, string, number][])(
    '%s: the client is answered in our shape, streamed or not',
    async (_, script, status, code, providerStatus) => {
      for (const body of [chat, stream]) {
        const { response, json, end } = await after(script, body);
        expect(response.status).toBe(status);
        expect(json().error).toMatchObject({ code, message: expect.any(String) });
        expect(json().request_id).toBe(response.headers.get('x-request-id'));
        expect(end).toEqual({ outcome: 'error', status: providerStatus, sent: true, last: true });
        await open?.close();
        open = undefined;
      }
    },
  );

  it('cannot be reached: 503, and nothing was sent', async () => {
    const { response, json, end } = await after({}, chat, undefined, {
      providers: () => [openai({ apiKey: 'sk-a', baseUrl: 'http://127.0.0.1:1/v1' })],
    });
    expect(response.status).toBe(503);
    expect(json().error.code).toBe('upstream_unavailable');
    expect(end).toEqual({ outcome: 'error', status: 0, sent: false, last: true });
  });

  it('does not accept connections: 504 after connectMs, and nothing was sent', async () => {
    const { response, json, end } = await after({}, chat, undefined, {
      // 192.0.2.0/24 is reserved for documentation and routed nowhere (RFC 5737).
      providers: () => [openAiCompatible({ name: 'nowhere', baseUrl: 'https://192.0.2.1/v1' })],
      timeouts: { connectMs: 100 },
    });
    expect([503, 504]).toContain(response.status);
    expect(json().error.code).toMatch(/^upstream_(?:timeout|unavailable)$/);
    expect(end).toMatchObject({ sent: false, status: 0 });
  });

  it('answers in the error shape of the API that was called', async () => {
    const { json } = await after({ status: 500 }, messages, '/v1/messages');
    expect(json()).toMatchObject({ type: 'error', error: { type: 'api_error', code: 'upstream_error' } });
  });

  it('passes a wait of up to a minute on, names a longer one, and says nothing of hours', async () => {
    const short = await after({ status: 429, retryAfterSeconds: 7 }, chat);
    expect(short.response.headers.get('retry-after')).toBe('7');
    expect(short.response.headers.get('x-should-retry')).toBe('true');
    await open?.close();
    const long = await after({ status: 429, retryAfterSeconds: 600 }, chat);
    expect(long.response.headers.get('retry-after')).toBe('600');
    expect(long.response.headers.get('x-should-retry')).toBe('false');
    await open?.close();
    const endless = await after({ status: 429, retryAfterSeconds: 86_400 }, chat);
    expect(endless.response.headers.get('retry-after')).toBeNull();
    expect(endless.response.headers.get('x-should-retry')).toBe('false');
  });

  it('publishes that the key is refused, also when the credit is used up, and tells the client not to retry', async () => {
    const facts: unknown[] = [];
    unsubscribe = subscribe('tollgate:upstream', (fact) => facts.push(fact));
    await after({ status: 401 }, chat);
    await open?.close();
    const spent = await after({ status: 429, errorCode: 'insufficient_quota' }, chat);
    expect(spent.response.status).toBe(502);
    expect(spent.response.headers.get('x-should-retry')).toBe('false');
    expect(facts).toEqual([
      expect.objectContaining({ credential_refused: true, status: 401, code: 'upstream_error' }),
      expect.objectContaining({ credential_refused: true, status: 429, outcome: 'error' }),
    ]);
    expect(JSON.stringify(facts)).not.toContain('Hello there');
  });

  it.each([400, 404, 422])('passes its %d on as it said, with its own body', async (status) => {
    const { response, json, end } = await after({ status }, stream);
    expect(response.status).toBe(status);
    expect(json().error.message).toEqual(expect.any(String));
    expect(json()).not.toHaveProperty('request_id');
    expect(end).toEqual({ outcome: 'error', status, sent: true, last: true });
  });
});

describe('an answer that is not streamed', () => {
  it.each([
    ['reset', { reset: { afterBytes: 40 } }],
    ['ended early', { end: { afterBytes: 40 } }],
    ['empty', { end: { afterBytes: 0 } }],
  ] as [string, Script][])('is a clean 502 when it is %s', async (_, script) => {
    const { response, json, end } = await after(script, chat);
    expect(response.status).toBe(502);
    expect(json().error.code).toBe('upstream_error');
    expect(end).toEqual({ outcome: 'error', status: 200, sent: true, last: true });
  });

  it('is a clean 504 when it stops in the middle', async () => {
    const { response, json } = await after({ hang: { afterBytes: 40 } }, chat);
    expect(response.status).toBe(504);
    expect(json().error.code).toBe('upstream_timeout');
  });

  it('is decompressed when it is compressed though nobody asked', async () => {
    const { response, json, end } = await after({ gzip: true }, chat);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(json().object).toBe('chat.completion');
    expect(end?.outcome).toBe('ok');
  });

  it('is refused when its compression is broken or unknown', async () => {
    const broken = await after({ headers: { 'content-encoding': 'gzip' } }, chat);
    expect(broken.response.status).toBe(502);
    await open?.close();
    const unknown = await after({ headers: { 'content-encoding': 'zstd' } }, chat);
    expect(unknown.response.status).toBe(502);
  });

  it('is cut off past maxResponseBytes', async () => {
    const { response, json } = await after({ tokens: 500 }, chat, undefined, { maxResponseBytes: 1_000 });
    expect(response.status).toBe(502);
    expect(json().error.code).toBe('upstream_error');
  });
});

describe('a stream that breaks off', () => {
  it.each([
    ['resets after an event', { reset: { afterChunks: 4 } }, 'upstream_error'],
    ['resets inside an event', { reset: { afterBytes: 700 } }, 'upstream_error'],
    ['resets hard', { reset: { afterChunks: 4 }, resetWithRst: true }, 'upstream_error'],
    ['hangs between events', { hang: { afterChunks: 4 } }, 'upstream_timeout'],
    ['hangs inside an event', { hang: { afterBytes: 700 } }, 'upstream_timeout'],
  ] as [string, Script, string][])(
    '%s: whole events, then an error event in the format of the API',
    async (_, script, code) => {
      const openAi = await after(script, stream);
      expect(openAi.response.status).toBe(200);
      const events = openAi.text.split('\n\n').filter((event) => event !== '');
      const data = events.map((event) => JSON.parse(event.replace(/^data: /, '')));
      expect(data.at(-1)).toMatchObject({ error: { code } });
      expect(data.slice(0, -1).every(({ object }) => object === 'chat.completion.chunk')).toBe(true);
      expect(openAi.end).toMatchObject({ outcome: 'error', status: 200, sent: true, last: true });
      await open?.close();
      const anthropic = await after(script, messageStream, '/v1/messages');
      const last =
        anthropic.text
          .split('\n\n')
          .filter((event) => event !== '')
          .at(-1) ?? '';
      expect(last).toMatch(/^event: error\ndata: \{"type":"error"/);
      expect(last).toContain(code);
    },
  );

  it('passes an error event of the provider on as it came', async () => {
    const { text, end } = await after({ errorEventAfterChunks: 3 }, stream);
    expect(text).toMatch(/data: \{"error":/);
    expect(text).not.toContain('upstream_');
    expect(end).toMatchObject({ outcome: 'ok', status: 200 });
  });

  it('is complete when its last event was seen, whatever becomes of the connection', async () => {
    const whole = await after({}, messageStream, '/v1/messages');
    const bytes = Buffer.byteLength(whole.text);
    await open?.close();
    const { text, end } = await after({ hang: { afterBytes: bytes } }, messageStream, '/v1/messages');
    expect(text).toContain('event: message_stop');
    expect(text).not.toContain('event: error');
    expect(end).toMatchObject({ outcome: 'ok' });
  });

  it('is passed on whole without [DONE], in slow drips, with huge lines and any line end', async () => {
    for (const script of [
      { done: false },
      { slowDripMs: 1, chunkBytes: 200 },
      { hugeLineBytes: 300_000 },
      { lineEnd: '\r\n' },
      { lineEnd: '\r' },
      { comments: true, multiLineData: true },
      { trailing: ': the end' },
      { gzip: true },
    ] as Script[]) {
      const { text, app, end } = await after(script, stream);
      expect(Buffer.concat(app.seen.chunks).toString()).toBe(text);
      expect(end).toEqual({ outcome: 'ok', status: 200, sent: true, last: true });
      await open?.close();
      open = undefined;
    }
  });

  it('ends after totalMs however lively it is', async () => {
    const { text, end } = await after({ chunkDelayMs: 10, tokens: 1_000 }, stream, undefined, {
      timeouts: { totalMs: 400 },
    });
    expect(text).toContain('upstream_timeout');
    expect(end).toMatchObject({ outcome: 'error' });
  });
});

describe('a connection that was kept alive too long', () => {
  it('is a 502 for the request that found it closed, and the next one works', async () => {
    const app = await start();
    app.sim.queue({ closeConnection: 'after-answer' });
    expect((await app.post('/v1/chat/completions', chat)).status).toBe(200);
    const second = await app.post('/v1/chat/completions', chat);
    const third = await app.post('/v1/chat/completions', chat);
    expect([200, 502]).toContain(second.status);
    expect(third.status).toBe(200);
    await app.ended(3);
    expect(app.seen.ends).toHaveLength(3);
  });
});
