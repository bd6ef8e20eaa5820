import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';

let provider: SimulatedProvider;
let app: ChildProcess;
let output = '';
let url = '';
let key = '';
beforeAll(async () => {
  provider = await simulateProvider();
  app = spawn(process.execPath, [fileURLToPath(new URL('../dist/server.js', import.meta.url))], {
    env: {
      PATH: process.env.PATH ?? '',
      PORT: '0',
      OPENAI_API_KEY: 'a',
      OPENAI_BASE_URL: provider.openAiUrl,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const listening = new Promise<void>((resolve, reject) => {
    const read = (text: Buffer): void => {
      output += text;
      if (/curl -s/.test(output)) resolve();
    };
    app.stdout?.on('data', read);
    app.stderr?.on('data', read);
    app.once('exit', (code) => reject(new Error(`the app ended with ${code}: ${output}`)));
  });
  await listening;
  [, url = '', key = ''] = /curl -s (\S+)\/ai\/haiku -H 'Authorization: Bearer (\w+)'/.exec(output) ?? [];
}, 120_000);
afterAll(async () => {
  const ended = new Promise((resolve) => app.once('exit', resolve));
  app.kill('SIGTERM');
  await ended;
  await provider.close();
}, 60_000);

async function ask(path: string, body: object, credential = key) {
  const headers = { authorization: `Bearer ${credential}`, 'content-type': 'application/json' };
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

describe('a NestJS app with the module', () => {
  it('meters what its handlers call, for the caller of the request', async () => {
    expect(await ask('/ai/haiku', { topic: 'the sea' })).toEqual({
      status: 201,
      body: { for: 'acme', haiku: expect.any(String) },
    });
  });

  let asked = 0;
  beforeEach(() => {
    asked = provider.requests.length;
  });

  it('refuses unknown keys before the handler, in the format of the API', async () => {
    expect(await ask('/ai/haiku', { topic: 'x' }, 'tg_live_unknown')).toMatchObject({
      status: 401,
      body: { error: { code: 'invalid_api_key' } },
    });
  });

  it.each([
    '/AI/haiku',
    '/ai/HAIKU',
    '/ai/haiku/',
    '/ai//haiku',
    '//ai/haiku',
    '/ai%2Fhaiku',
    '/%61i/haiku',
    '/./ai/haiku',
  ])('lets no caller without a key past the guards by the path %s', async (path) => {
    const { status } = await ask(path, { topic: 'x' }, 'tg_live_unknown');
    expect([401, 404]).toContain(status);
    expect(provider.requests).toHaveLength(asked);
  });

  it('leaves Nest its own exceptions and routes', async () => {
    expect(await ask('/ai/haiku', { topic: 7 })).toMatchObject({
      status: 400,
      body: { error: 'Bad Request' },
    });
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ ok: true });
  });

  it('answers a fault of the app without its message', async () => {
    const { status, body } = await ask('/ai/broken', {});
    expect([status, JSON.stringify(body).includes('a fault of the app')]).toEqual([500, false]);
    while (!output.includes('a fault of the app')) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('stops at the money of the key', async () => {
    provider.script({ tokens: 200 });
    const statuses: number[] = [];
    for (let count = 0; count < 30 && !statuses.includes(402) && !statuses.includes(429); count += 1)
      statuses.push((await ask('/ai/haiku', { topic: 'the sea' })).status);
    expect(statuses.at(-1)).toBe(statuses.length > 15 ? 429 : 402);
  });
});
