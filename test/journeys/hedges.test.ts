import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import type { ResilienceOptions } from '@tollgate/upstream';
import OpenAI from 'openai';
import { openai, resilience, resilient } from 'tollgate';
import { chargedFor, type RunningApp, startApp } from './running-app.js';

const chat = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'Tell me of the sea.' }] };

let app: RunningApp;
let second: SimulatedProvider;
const options = (): ResilienceOptions => ({
  hedge: { afterMs: 250 },
  fallbacks: { 'gpt-5': [{ provider: openai({ name: 'azure', apiKey: 'b', baseUrl: second.openAiUrl }) }] },
});
beforeEach(async () => {
  second = await simulateProvider();
  app = await startApp({
    routes: (express, tg, provider) => {
      const providers = [openai({ apiKey: 'a', baseUrl: provider.openAiUrl })];
      express.post('/v1/chat/completions', tg.proxy({ providers, resilience: resilience(options()) }));
      const sdk = new OpenAI({
        apiKey: 'a',
        baseURL: provider.openAiUrl,
        fetch: resilient(tg.fetch, options()),
      });
      express.post('/own', async (_req, res) => {
        res.json(await sdk.chat.completions.create(chat));
      });
    },
  });
});
afterEach(async () => {
  await app.close();
  await second.close();
});

async function ask(path = '/v1/chat/completions', body: object = chat): Promise<Response> {
  const headers = { authorization: `Bearer ${app.key}`, 'content-type': 'application/json' };
  return fetch(app.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

describe('a second attempt beside a slow one', () => {
  it.each([
    ['in one piece', '/v1/chat/completions', chat],
    ['streamed', '/v1/chat/completions', { ...chat, stream: true }],
    ['through an SDK', '/own', chat],
  ])(
    'answers in its place, %s; the loser is aborted, and charged what was held for it',
    async (_how, path, body) => {
      app.provider.script({ hang: 'before-headers' });
      const answer = await ask(path, body);
      expect(answer.status).toBe(200);
      expect((await answer.text()).length).toBeGreaterThan(20);
      await app.settled();
      await app.provider.waitForEnd(1);
      const byAttempt = [...app.events].sort((one, other) => one.attempt - other.attempt);
      expect(byAttempt).toMatchObject([
        { attempt: 1, provider: 'openai', outcome: 'aborted', outputTokens: 0 },
        { attempt: 2, provider: 'azure', outcome: 'ok', source: 'provider' },
      ]);
      expect(byAttempt[0]?.callId).toBe(byAttempt[1]?.callId);
      const costs = byAttempt.map(({ costNanoUsd }) => Number(costNanoUsd));
      expect(Math.min(...costs)).toBeGreaterThan(0);
      const used = byAttempt.reduce((sum, event) => sum + chargedFor(event), 0);
      expect(await app.money()).toEqual({ used, held: 0 });
    },
  );

  it('loses where the first answers before it', async () => {
    app.provider.hold();
    second.script({ hang: 'before-headers' });
    const asked = ask();
    await second.waitFor(1);
    app.provider.release();
    const answer = await asked;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-tollgate-route')).toBe('openai/gpt-5;late, openai/gpt-5');
    await app.settled();
    await second.waitForEnd(1);
    expect(app.events.map(({ attempt, outcome }) => [attempt, outcome]).sort()).toEqual([
      [1, 'ok'],
      [2, 'aborted'],
    ]);
  });

  it('is not made where the first answers in time', async () => {
    expect((await ask()).status).toBe(200);
    await app.settled();
    expect(second.requests).toHaveLength(0);
    expect(app.events).toHaveLength(1);
  });

  it('is no way out where both fail: the client is told, and nothing is charged', async () => {
    app.provider.script({ firstByteDelayMs: 600, status: 503 });
    second.script({ firstByteDelayMs: 600, status: 503 });
    expect((await ask()).status).toBe(503);
    await app.settled();
    expect(app.events.map(({ attempt, status }) => [attempt, status]).sort()).toEqual([
      [1, 503],
      [2, 503],
    ]);
    expect(await app.money()).toEqual({ used: 0, held: 0 });
  });
});
