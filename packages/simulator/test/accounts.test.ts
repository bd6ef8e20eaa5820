import { afterEach, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, type SimulatedProviderOptions, simulateProvider } from '../src/index.js';

describe("the provider's books", () => {
  let provider: SimulatedProvider;
  afterEach(() => provider.close());
  const start = async (options: SimulatedProviderOptions = {}) => {
    provider = await simulateProvider(options);
  };
  const post = (model = 'gpt-5-mini', headers: Record<string, string> = {}, content = 'Hello') =>
    fetch(`${provider.openAiUrl}/chat/completions`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ model, messages: [{ role: 'user', content }] }),
    });

  it('keep what was sent: headers, body, model, times', async () => {
    let time = 1000;
    await start({ now: () => time++ });
    await (await post('gpt-5', { authorization: 'Bearer sk-secret', 'x-extra': '1' })).text();
    await provider.waitForEnd(1);
    expect(provider.requests).toHaveLength(1);
    expect(provider.requests[0]).toMatchObject({
      id: 1,
      api: 'openai-chat',
      method: 'POST',
      url: '/v1/chat/completions',
      model: 'gpt-5',
      headers: { authorization: 'Bearer sk-secret', 'x-extra': '1' },
      body: { model: 'gpt-5', messages: [{ role: 'user', content: 'Hello' }] },
      status: 200,
      outcome: 'answered',
      receivedAtMs: 1000,
      headersAtMs: 1001,
      endedAtMs: 1002,
    });
  });

  it('add up per model', async () => {
    await start({ script: (request) => (request.headers['x-short'] ? { tokens: 1 } : undefined) });
    await Promise.all([post('a'), post('a', { 'x-short': 'yes' }), post('b')]);
    const books = provider.accounts();
    expect(books).toMatchObject({
      requests: 3,
      byStatus: { 200: 3 },
      billed: { inputTokens: 21, outputTokens: 49 },
    });
    expect(books.byModel.a).toMatchObject({ requests: 2, billed: { outputTokens: 25 } });
  });

  it('hold all answers until released, so that 200 requests can be in flight together', async () => {
    await start();
    provider.hold();
    const answers = Array.from({ length: 200 }, () => post());
    await provider.waitFor(200);
    expect(provider.accounts()).toMatchObject({ requests: 200, open: 200, byStatus: {} });
    provider.release();
    expect((await Promise.all(answers)).every((answer) => answer.ok)).toBe(true);
    expect((await post()).ok).toBe(true);
  });

  it('say so when the requests waited for do not come', async () => {
    await start();
    await expect(provider.waitFor(1, 5)).rejects.toThrow('0 of 1 requests received after 5 ms');
  });

  it('begin anew at reset, with the first script and an open gate', async () => {
    await start({ script: { tokens: 2 } });
    provider.queue({ status: 500 }, { status: 500 });
    provider.script({ status: 400 });
    await post();
    provider.hold();
    const held = post().catch((error: unknown) => error);
    await provider.waitFor(2);
    provider.reset();
    expect(await held).toMatchObject({ name: 'TypeError' });
    expect(provider.accounts().requests).toBe(0);
    expect((await post()).status).toBe(200);
    expect(provider.requests.map((request) => [request.id, request.billed.outputTokens])).toEqual([[1, 2]]);
  });

  it('keep totals of the requests they no longer hold', async () => {
    await start({ keepRequests: 2 });
    for (let round = 0; round < 5; round++) await (await post()).text();
    expect(provider.requests.map((request) => request.id)).toEqual([4, 5]);
    expect(provider.accounts()).toMatchObject({ requests: 5, billed: { outputTokens: 120 } });
  });

  it('count precomputed answers too', async () => {
    await start({ precompute: true });
    const texts = [
      await (await post()).text(),
      await (await post()).text(),
      await (await post('gpt-5-mini', {}, 'Other')).text(),
    ];
    expect(texts[1]).toBe(texts[0]);
    expect(texts[2]).not.toBe(texts[0]);
    expect(provider.accounts().billed.outputTokens).toBe(72);
    expect(provider.requests[1]?.body).toMatchObject({ model: 'gpt-5-mini' });
  });

  it('refuse a key that is not known, wherever the API puts it', async () => {
    await start({ apiKeys: ['right'] });
    const statuses = [
      await post(),
      await post('m', { authorization: 'Bearer wrong' }),
      await post('m', { authorization: 'Bearer right' }),
      await post('m', { 'x-api-key': 'right' }),
      await post('m', { 'api-key': 'right' }),
      await post('m', { 'x-goog-api-key': 'right' }),
    ].map((response) => response.status);
    expect(statuses).toEqual([401, 401, 200, 200, 200, 200]);
  });

  it('refuse unknown paths, methods, bodies and, if told so, models', async () => {
    await start({ models: ['known'], onlyListedModels: true });
    const path = await fetch(`${provider.url}/v1/nothing`, { method: 'POST', body: '{}' });
    const method = await fetch(`${provider.openAiUrl}/chat/completions`);
    const json = await fetch(`${provider.openAiUrl}/chat/completions`, { method: 'POST', body: '{' });
    expect([path.status, method.status, json.status]).toEqual([404, 405, 400]);
    expect([(await post('unknown')).status, (await post('known')).status]).toEqual([404, 200]);
    expect(provider.accounts().billed.outputTokens).toBe(24);
  });
});
