import { afterEach, describe, expect, it } from '@jest/globals';
import { anthropic, gemini, type Provider } from '../../src/index.js';
import { chat, type Journey, type JourneyOptions, journey, messages } from '../journey.js';

let app: Journey;
afterEach(() => app.close());

const start = async (options: JourneyOptions): Promise<void> => {
  app = await journey(options);
};
const only = (make: (sim: Journey['sim']) => Provider) => (sim: Journey['sim']) => [make(sim)];
const anthropicOnly = only((sim) => anthropic({ apiKey: 'sk-the-app', baseUrl: sim.url }));
const geminiOnly = only((sim) => gemini({ apiKey: 'sk-the-app', baseUrl: sim.url }));

describe('a proxy whose provider speaks another format than the client', () => {
  it('answers 404 unless it is told to translate', async () => {
    await start({ providers: anthropicOnly });
    const response = await app.post('/v1/chat/completions', chat);
    expect(response.status).toBe(404);
    expect(app.sim.requests).toHaveLength(0);
  });

  it('translates, and states the cap that Anthropic requires, where no meter does', async () => {
    await start({ providers: anthropicOnly, translate: true });
    const response = await app.post('/v1/chat/completions', { ...chat, model: 'claude-sonnet-5' });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ object: 'chat.completion', model: 'claude-sonnet-5' });
    expect(app.sim.requests[0]).toMatchObject({ url: '/v1/messages', body: { max_tokens: 4_096 } });
    expect(app.seen.calls[0]?.outgoing).toMatchObject({ api: 'anthropic-messages', provider: 'anthropic' });
  });

  it('asks a provider that speaks the format itself before one that would be translated to', async () => {
    await start({ translate: true });
    await app.post('/v1/messages', messages);
    await app.post('/v1/chat/completions', chat);
    expect(app.sim.requests.map(({ url }) => url)).toEqual(['/v1/messages', '/v1/chat/completions']);
  });

  it.each([
    [{ status: 500 }, 502],
    [{ status: 503 }, 503],
    [{ status: 429 }, 429],
    [{ status: 401 }, 502],
    [{ end: { afterBytes: 40 } }, 502],
    [{ contentType: 'text/html' }, 502],
  ])("answers the provider's %j with %i, in the client's format", async (script, status) => {
    await start({ providers: geminiOnly, translate: true });
    app.sim.queue(script);
    const response = await app.post('/v1/messages', { ...messages, model: 'gemini-2.5-flash' });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ type: 'error', error: { message: expect.any(String) } });
    await app.ended(1);
    expect(app.seen.ends).toMatchObject([{ outcome: 'error' }]);
  });

  it("passes the provider's own 4xx on in the client's format, also where its body is nothing", async () => {
    await start({ providers: geminiOnly, translate: true });
    app.sim.queue({ status: 404 }, { status: 404, end: { afterBytes: 0 } });
    for (const message of [/not found/i, /refused/]) {
      const response = await app.post('/v1/messages', { ...messages, model: 'gemini-2.5-flash' });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({
        type: 'error',
        error: { type: 'not_found_error', message: expect.stringMatching(message) },
      });
    }
  });
});
