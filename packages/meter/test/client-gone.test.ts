import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Script, type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import OpenAI from 'openai';
import { meteredFetch } from '../src/index.js';
import { type MeteredApp, meteredApp } from './metered-app.js';

let provider: SimulatedProvider;
let openai: OpenAI;
beforeAll(async () => {
  provider = await simulateProvider();
  openai = new OpenAI({ apiKey: 'k', baseURL: provider.openAiUrl, fetch: meteredFetch(), maxRetries: 0 });
});
afterEach(() => provider.reset());
afterAll(() => provider.close());

const asked = { model: 'gpt-5-mini', messages: [{ role: 'user' as const, content: 'Say hello' }] };

/** An app whose handler streams its own words, made of what the SDK says. */
const streamingApp = (fetch = meteredFetch()): MeteredApp =>
  meteredApp((app) =>
    app.post('/tell', async (_req, res) => {
      const stream = await openai.withOptions({ fetch }).chat.completions.create({ ...asked, stream: true });
      try {
        for await (const chunk of stream) res.write(chunk.choices[0]?.delta.content ?? '');
        res.end('.');
      } catch {
        res.destroy();
      }
    }),
  );

/** Posts, and leaves once `when` says so. Resolves when the connection is closed. */
async function leave(
  url: string,
  when: (bytes: number) => boolean,
  beforeAnswer: Promise<unknown> | undefined,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const sending = httpRequest(`${url}/tell`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    let bytes = 0;
    sending.on('response', (answer: IncomingMessage) => {
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (when(bytes)) sending.destroy();
      });
      answer.on('error', () => undefined);
    });
    sending.on('error', () => undefined);
    sending.on('close', resolve);
    sending.end('{}');
    void beforeAnswer?.then(() => sending.destroy());
  });
}

describe('a client that leaves', () => {
  const script: Script = { text: 'one two three four five six', chunkDelayMs: 1 };

  it('before the provider has answered has its call aborted after drainMs: its input is the estimate, the rest unresolved', async () => {
    const metered = streamingApp(meteredFetch({ drainMs: 50 }));
    const url = await metered.listen();
    provider.hold();
    await leave(url, () => false, provider.waitFor(1));
    await metered.settled(1);
    expect(metered.events).toMatchObject([
      { outcome: 'aborted', status: 0, uncertain: true, outputTokens: 0 },
    ]);
    expect(Number(metered.events[0]?.costNanoUsd)).toBeGreaterThan(0);
    expect(Number(metered.events[0]?.unresolvedNanoUsd)).toBeGreaterThan(0);
    await provider.waitForEnd(1);
    expect(provider.requests[0]?.outcome).toBe('client-gone');
    await metered.close();
  });

  it.each([1, 4, 8, 14, 19, 24])(
    'after %i bytes of the answer has its call continue until its usage is known',
    async (count) => {
      const metered = streamingApp();
      const url = await metered.listen();
      provider.script(script);
      await leave(url, (bytes) => bytes >= count, undefined);
      await metered.settled(1);
      await provider.waitForEnd(1);
      expect(metered.events).toMatchObject([
        { outcome: 'ok', outputTokens: 6, uncertain: false, unresolvedNanoUsd: '0' },
      ]);
      expect(metered.contexts[0]?.calls.running.size).toBe(0);
      await metered.close();
    },
  );

  it('has an answer that its handler did not read read for its usage', async () => {
    for (const ends of [true, false]) {
      const metered = meteredApp((app) =>
        app.post('/tell', async (_req, res) => {
          await openai.chat.completions.create({ ...asked, stream: true });
          if (ends) res.end('done');
          else res.destroy();
        }),
      );
      const url = await metered.listen();
      provider.script(script);
      await leave(url, () => false, undefined);
      await metered.settled(1);
      expect(metered.events).toMatchObject([{ outcome: 'ok', outputTokens: 6, unresolvedNanoUsd: '0' }]);
      await metered.close();
      provider.reset();
    }
  });

  it('leaves nothing behind when its handler never reads the answer at all', async () => {
    let answered: () => void = () => undefined;
    const inHandler = new Promise<void>((resolve) => {
      answered = resolve;
    });
    const metered = meteredApp((app) =>
      app.post('/tell', async () => {
        const fetch = meteredFetch({ drainMs: 50 });
        await openai.withOptions({ fetch }).chat.completions.create({ ...asked, stream: true });
        answered();
      }),
    );
    const url = await metered.listen();
    provider.script({ hang: { afterChunks: 3 } });
    await leave(url, () => false, inHandler);
    await metered.settled(1);
    expect(metered.events).toMatchObject([{ outcome: 'aborted', status: 200 }]);
    await provider.waitForEnd(1);
    expect(metered.contexts[0]?.calls.running.size).toBe(0);
    await metered.close();
  });
});
