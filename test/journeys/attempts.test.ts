import { afterEach, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import type { ProxyOptions, ResilienceOptions } from '@tollgate/upstream';
import { anthropic, openai, resilience } from 'tollgate';
import { type AppSetup, type RunningApp, startApp } from './running-app.js';

const chat = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'Tell me of the sea.' }] };
const retries = { baseMs: 1 } as const;

let app: RunningApp | undefined;
let second: SimulatedProvider | undefined;
afterEach(async () => {
  await app?.close();
  await second?.close();
  second = undefined;
});

/** A pass-through whose calls to `gpt-5` fall back to another provider's `gpt-5-mini`. */
async function start(
  options: ResilienceOptions = {},
  setup: AppSetup = {},
  proxied: Partial<ProxyOptions> = {},
): Promise<RunningApp & { second: SimulatedProvider }> {
  const other = await simulateProvider();
  second = other;
  app = await startApp({
    ...setup,
    routes: (express, tg, provider) => {
      const backup = openai({ name: 'azure', apiKey: 'b', baseUrl: other.openAiUrl });
      const providers = [
        openai({ apiKey: 'a', baseUrl: provider.openAiUrl }),
        anthropic({ apiKey: 'a', baseUrl: provider.url }),
      ];
      const shared = resilience({
        retries,
        fallbacks: { 'gpt-5': [{ provider: backup, model: 'gpt-5-mini' }] },
        ...options,
      });
      express.post('/v1/chat/completions', tg.proxy({ providers, resilience: shared, ...proxied }));
    },
  });
  return Object.assign(app, { second: other });
}

function ask(running: RunningApp, body: object = chat): Promise<Response> {
  return fetch(`${running.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${running.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

describe('a call that fails where nothing was billed', () => {
  it('is tried again: two rows of one call, and only the attempt that answered costs', async () => {
    const running = await start();
    running.provider.queue({ status: 503 });
    const answer = await ask(running);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-tollgate-route')).toBe('openai/gpt-5;status=503, openai/gpt-5');
    expect(answer.headers.get('x-tollgate-degraded')).toBeNull();
    await running.settled();
    const [failed, answered] = running.events;
    expect(failed).toMatchObject({ attempt: 1, status: 503, outcome: 'error', costNanoUsd: '0' });
    expect(answered).toMatchObject({ attempt: 2, status: 200, outcome: 'ok', callId: failed?.callId });
    expect(answered?.requestId).toBe(failed?.requestId);
    expect(await running.money()).toEqual({ used: Number(answered?.costNanoUsd), held: 0 });
  });

  it('falls back to another provider and model, says so, and is charged at the price of what answered', async () => {
    const running = await start();
    running.provider.script({ status: 500 });
    const answer = await ask(running);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-tollgate-route')).toBe(
      'openai/gpt-5;status=500, openai/gpt-5;status=500, azure/gpt-5-mini',
    );
    expect(answer.headers.get('x-tollgate-model')).toBe('gpt-5-mini');
    expect(answer.headers.get('x-tollgate-degraded')).toBe('fallback');
    expect(running.second.requests.map(({ model }) => model)).toEqual(['gpt-5-mini']);
    expect(running.second.requests[0]?.headers.authorization).toBe('Bearer b');
    await running.settled();
    expect(
      running.events.map(({ attempt, provider, requestedModel, model }) => [
        attempt,
        provider,
        requestedModel,
        model,
      ]),
    ).toEqual([
      [1, 'openai', 'gpt-5', 'gpt-5'],
      [2, 'openai', 'gpt-5', 'gpt-5'],
      [3, 'azure', 'gpt-5', 'gpt-5-mini'],
    ]);
    expect((await running.money()).used).toBe(Number(running.events[2]?.costNanoUsd));
  });

  it('never falls back to a model that the caller may not use', async () => {
    const running = await start({}, { plan: { spend: '$1/day', models: ['gpt-5'] } });
    running.provider.script({ status: 500 });
    const answer = await ask(running);
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ error: { code: 'upstream_error' } });
    expect(running.second.requests).toHaveLength(0);
    expect(running.provider.requests).toHaveLength(2);
    await running.settled();
    expect(await running.money()).toEqual({ used: 0, held: 0 });
  });

  it('waits as the provider asks, and goes elsewhere where that is too long', async () => {
    const running = await start({ retries: { ...retries, maxRetryAfterMs: 500 } });
    running.provider.queue({ status: 429, retryAfterMs: 120 });
    const startedMs = performance.now();
    expect((await ask(running)).headers.get('x-tollgate-route')).toBe(
      'openai/gpt-5;status=429, openai/gpt-5',
    );
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(119);
    running.provider.queue({ status: 429, retryAfterSeconds: 5 });
    expect((await ask(running)).headers.get('x-tollgate-route')).toBe(
      'openai/gpt-5;status=429, azure/gpt-5-mini',
    );
  });

  it('makes no more attempts than it may, and then tells the client what it would have', async () => {
    const running = await start({ retries: { ...retries, attempts: 3, perTarget: 5 } });
    running.provider.script({ status: 429, retryAfterSeconds: 0 });
    const answer = await ask(running);
    expect(answer.status).toBe(429);
    expect(await answer.json()).toMatchObject({ error: { code: 'upstream_rate_limited' } });
    expect(running.provider.requests).toHaveLength(3);
    expect(running.second.requests).toHaveLength(0);
  });

  it('is not repeated where the request itself is at fault', async () => {
    const running = await start();
    running.provider.script({ status: 404 });
    expect((await ask(running)).status).toBe(404);
    expect(running.provider.requests).toHaveLength(1);
    expect(running.second.requests).toHaveLength(0);
  });
});

describe('a call that may have been billed', () => {
  const hung = { timeouts: { firstByteMs: 500 } };

  it('is not repeated: it is charged its input, and the client told', async () => {
    const running = await start({}, {}, hung);
    running.provider.script({ hang: 'before-headers' });
    expect((await ask(running)).status).toBe(504);
    expect(running.provider.requests).toHaveLength(1);
    await running.settled();
    expect(running.events).toMatchObject([{ attempt: 1, outcome: 'error', source: 'estimated' }]);
    expect(Number(running.events[0]?.costNanoUsd)).toBeGreaterThan(0);
  });

  it('is repeated where the app says so, and both attempts are charged', async () => {
    const running = await start({ retries: { ...retries, whenUncertain: 'go-on' } }, {}, hung);
    running.provider.queue({ hang: 'before-headers' });
    expect((await ask(running)).status).toBe(200);
    await running.settled();
    const costs = running.events.map(({ costNanoUsd }) => Number(costNanoUsd));
    expect(costs).toHaveLength(2);
    expect(Math.min(...costs)).toBeGreaterThan(0);
    const unresolved = running.events.map(({ unresolvedNanoUsd }) => Number(unresolvedNanoUsd));
    expect(unresolved).toEqual([expect.any(Number), 0]);
    expect(unresolved[0]).toBeGreaterThan(0);
    const used = [...costs, ...unresolved].reduce((sum, amount) => sum + amount);
    expect(await running.money()).toEqual({ used, held: 0 });
  });

  it('is never repeated once something of its answer was seen', async () => {
    const running = await start({ retries: { ...retries, whenUncertain: 'go-on' } });
    running.provider.script({ reset: { afterChunks: 5 } });
    const text = await (await ask(running, { ...chat, stream: true })).text();
    expect(text).toContain('upstream_error');
    expect(running.provider.requests).toHaveLength(1);
    expect(running.second.requests).toHaveLength(0);
  });
});
