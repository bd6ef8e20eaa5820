import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { type Script, type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { type MeteredFetchOptions, meteredFetch, runWith } from '../src/index.js';
import { caller } from './metered-app.js';

let provider: SimulatedProvider;
beforeAll(async () => {
  provider = await simulateProvider();
});
afterEach(() => provider.reset());
afterAll(() => provider.close());

interface Api {
  readonly name: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}
const messages = [{ role: 'user', content: 'Say hello' }];
const apis: readonly Api[] = [
  { name: 'OpenAI chat', path: '/v1/chat/completions', body: { model: 'gpt-5-mini', messages } },
  { name: 'OpenAI responses', path: '/v1/responses', body: { model: 'gpt-5-mini', input: 'Say hello' } },
  {
    name: 'Anthropic messages',
    path: '/v1/messages',
    body: { model: 'claude-haiku-4-5', max_tokens: 64, messages },
  },
  {
    name: 'Gemini',
    path: '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
    body: { contents: [{ role: 'user', parts: [{ text: 'Say hello' }] }] },
  },
];
const streaming = (api: Api): Api =>
  api.name === 'Gemini' ? api : { ...api, body: { ...api.body, stream: true } };
const plain = (api: Api): Api =>
  api.name === 'Gemini' ? { ...api, path: api.path.replace(/:.*/, ':generateContent') } : api;

interface Seen {
  readonly status: number | undefined;
  readonly bytes: string;
  readonly error: unknown;
}

/** Sends one call and reads its answer; `stopAfter` chunks the reader leaves, `abortAfter` chunks (0: before any) it aborts. */
async function call(
  api: Api,
  script: Script,
  reader: { stopAfter?: number; abortAfter?: number | 'headers' } = {},
  options: MeteredFetchOptions = {},
): Promise<Seen & { events: UsageEvent[]; running: number }> {
  const events: UsageEvent[] = [];
  provider.queue({ tokens: 6, ...script });
  const abort = new AbortController();
  let context: Parameters<Parameters<typeof runWith>[1]>[0] | undefined;
  const seen = await runWith(
    caller,
    async (own): Promise<Seen> => {
      context = own;
      let bytes = '';
      let status: number | undefined;
      try {
        const sending = meteredFetch(options)(provider.url + api.path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(api.body),
          signal: abort.signal,
        });
        if (reader.abortAfter === 0) void provider.waitFor(1).then(() => abort.abort());
        const response = await sending;
        status = response.status;
        if (reader.abortAfter === 'headers') abort.abort();
        let chunks = 0;
        if (reader.stopAfter === 0) {
          await response.body?.cancel();
          return { status, bytes, error: undefined };
        }
        for await (const chunk of response.body ?? []) {
          bytes += Buffer.from(chunk).toString('latin1');
          chunks += 1;
          if (chunks === reader.stopAfter) break;
          if (chunks === reader.abortAfter) abort.abort();
        }
        return { status, bytes, error: undefined };
      } catch (error) {
        return { status, bytes, error };
      }
    },
    { sinks: [{ write: (event) => void events.push(event) }] },
  );
  await provider.waitForEnd(1);
  return { ...seen, events, running: context?.calls.running.size ?? -1 };
}

const cost = (event: UsageEvent | undefined): number => Number(event?.costNanoUsd);

describe.each(apis)('$name', (api) => {
  it.each([400, 401, 404, 429, 500, 503])('costs nothing when the provider answers %i', async (status) => {
    for (const kind of [plain(api), streaming(api)]) {
      const { events, running } = await call(kind, { status });
      expect(events).toMatchObject([{ costNanoUsd: '0', status, outcome: 'error', uncertain: false }]);
      expect(running).toBe(0);
      provider.reset();
    }
  });

  it('costs the bound of the input when the connection is reset before any answer', async () => {
    const { events, running, error } = await call(streaming(api), { reset: 'before-headers' });
    expect(error).toBeDefined();
    expect(events).toMatchObject([
      { status: 0, outcome: 'error', uncertain: true, source: 'estimated', outputTokens: 0 },
    ]);
    expect(events[0]?.inputTokens).toBeGreaterThan(0);
    expect(cost(events[0])).toBeGreaterThan(0);
    expect(running).toBe(0);
  });

  it('costs the bound of the input when it is aborted while the provider hangs', async () => {
    const { events, running } = await call(streaming(api), { hang: 'before-headers' }, { abortAfter: 0 });
    expect(events).toMatchObject([{ status: 0, outcome: 'aborted', uncertain: true, outputTokens: 0 }]);
    expect(cost(events[0])).toBeGreaterThan(0);
    expect(running).toBe(0);
  });

  it('is settled once, never below what the provider bills, wherever a stream breaks off', async () => {
    for (const kind of ['reset', 'end', 'hang'] as const) {
      for (let afterChunks = 0; afterChunks <= 14; afterChunks += 1) {
        const script = { [kind]: { afterChunks } };
        const { events, running } = await call(
          streaming(api),
          script,
          kind === 'hang' ? { abortAfter: afterChunks === 0 ? 'headers' : 1 } : {},
        );
        const { billed } = provider.accounts();
        expect(events).toHaveLength(1);
        expect(running).toBe(0);
        const [event] = events;
        expect(event?.inputTokens).toBeGreaterThanOrEqual(billed.inputTokens);
        // Only of a proper end everything that was sent is seen; a reset or an abort drops what is still on its way.
        const atLeast = kind === 'end' ? billed.outputTokens : 0;
        if (event?.uncertain) expect(event.outputTokens).toBeGreaterThanOrEqual(atLeast);
        else expect(event?.outputTokens).toBe(billed.outputTokens);
        if (kind === 'hang' && afterChunks < 6) expect(event?.outcome).toBe('aborted');
        provider.reset();
      }
    }
  });

  it('is settled once wherever the reader leaves the stream, and is a success once the last event was seen', async () => {
    const known = { source: 'provider', uncertain: false, outputTokens: 6, unresolvedNanoUsd: '0' };
    const outcomes = new Set<string>();
    for (const whenClientGone of ['abort', 'drain'] as const) {
      for (let stopAfter = 0; stopAfter <= 16; stopAfter += 1) {
        const script = { chunkDelayMs: 1 };
        const { events, running } = await call(streaming(api), script, { stopAfter }, { whenClientGone });
        expect(events).toHaveLength(1);
        expect(running).toBe(0);
        const [event] = events;
        outcomes.add(`${whenClientGone} ${event?.outcome}`);
        if (event?.outcome === 'ok') expect(event).toMatchObject(known);
        else expect(Number(event?.unresolvedNanoUsd)).toBeGreaterThan(0);
        provider.reset();
      }
    }
    expect([...outcomes].sort()).toEqual(['abort aborted', 'abort ok', 'drain ok']);
  });

  it('is no success when an error event ends a 200 stream', async () => {
    const { events } = await call(streaming(api), { errorEventAfterChunks: 3 });
    expect(events).toMatchObject([{ status: 200, outcome: 'error' }]);
    expect(cost(events[0])).toBeGreaterThan(0);
  });

  it.each(['absent', 'null', 'negative', 'string', 'absurd', 'fraction'] as const)(
    'is charged within its estimate, and flagged, when usage is %s',
    async (wrongUsage) => {
      const { events } = await call(plain(api), { wrongUsage });
      expect(events).toMatchObject([{ uncertain: true, outcome: 'ok' }]);
      expect(cost(events[0])).toBeGreaterThan(0);
      expect(events[0]?.inputTokens).toBeLessThan(10_000);
      expect(events[0]?.outputTokens).toBeGreaterThanOrEqual(6);
      expect(events[0]?.outputTokens).toBeLessThanOrEqual(4096);
    },
  );

  it('costs nothing when usage is zero', async () => {
    const { events } = await call(plain(api), { wrongUsage: 'zero' });
    expect(events).toMatchObject([{ costNanoUsd: '0', source: 'provider', uncertain: false }]);
  });

  it('is read through gzip', async () => {
    for (const kind of [plain(api), streaming(api)]) {
      const { events } = await call(kind, { gzip: true });
      expect(events).toMatchObject([{ outcome: 'ok', source: 'provider', outputTokens: 6 }]);
      provider.reset();
    }
  });
});

describe('a call whose connection never stood', () => {
  it('costs nothing', async () => {
    const events: UsageEvent[] = [];
    const sinks = [{ write: (event: UsageEvent) => void events.push(event) }];
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const sent = runWith(
      caller,
      () =>
        meteredFetch()(`http://127.0.0.1:${port}/v1/chat/completions`, {
          method: 'POST',
          body: JSON.stringify({ model: 'gpt-5-mini', messages }),
        }),
      { sinks },
    );
    await expect(sent).rejects.toMatchObject({ name: 'TypeError' });
    expect(events).toMatchObject([{ costNanoUsd: '0', status: 0, outcome: 'error' }]);
  });
});
