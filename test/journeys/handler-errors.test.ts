import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Script } from '@tollgate/simulator';
import { generateText } from 'ai';
import type { Express } from 'express';
import OpenAI from 'openai';
import { subscribe, type Tollgate } from 'tollgate';
import { type RunningApp, startApp } from './running-app.js';

interface Line {
  level: string;
  facts: Readonly<Record<string, unknown>>;
  message: string;
}

let app: RunningApp;
let lines: Line[] = [];
/** Where the SDKs of the app call. */
let providerUrl = '';

const log = Object.fromEntries(
  ['debug', 'info', 'warn', 'error'].map((level) => [
    level,
    (facts: object, message: string) => void lines.push({ level, facts: { ...facts }, message }),
  ]),
) as unknown as Record<'debug' | 'info' | 'warn' | 'error', (facts: object, message: string) => void>;

const content = 'Tell me of the sea.';
const messages = [{ role: 'user' as const, content }];

/** Of the SDKs, in ms: short only where a provider hangs, since a busy machine may take that long for an answer. */
let timeout = 30_000;

/** One route for each SDK, as an app would write it: no error is caught. */
function routes(express: Express, tg: Tollgate): void {
  const { fetch } = tg;
  const settings = { apiKey: 'sk-the-apps-own', fetch, maxRetries: 0 };
  express.post('/openai', async (_req, res) => {
    const client = new OpenAI({ ...settings, timeout, baseURL: `${providerUrl}/v1` });
    res.json(await client.chat.completions.create({ model: 'gpt-5-mini', messages }));
  });
  express.post('/anthropic', async (_req, res) => {
    const client = new Anthropic({ ...settings, timeout, baseURL: providerUrl });
    res.json(await client.messages.create({ model: 'claude-haiku-4-5', max_tokens: 50, messages }));
  });
  express.post('/gemini', async (_req, res) => {
    const before = globalThis.fetch;
    globalThis.fetch = fetch;
    try {
      const client = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: providerUrl, timeout } });
      res.json(await client.models.generateContent({ model: 'gemini-2.5-flash', contents: content }));
    } finally {
      globalThis.fetch = before;
    }
  });
  express.post('/ai-sdk', async (_req, res) => {
    const provider = createOpenAI({ apiKey: 'k', fetch, baseURL: `${providerUrl}/v1` });
    const { text } = await generateText({
      model: provider.chat('gpt-5-mini'),
      prompt: content,
      maxRetries: 1,
    });
    res.json({ text });
  });
  express.post('/plain', async (_req, res) => {
    const body = JSON.stringify({ model: 'gpt-5-mini', messages });
    res.json(await (await fetch(`${providerUrl}/v1/chat/completions`, { method: 'POST', body })).json());
  });
  express.post('/bug', () => {
    throw new Error('mine');
  });
  express.post('/type-error', () => {
    throw new TypeError('fetch failed');
  });
  express.post('/teapot', () => {
    throw Object.assign(new Error('No coffee here.'), { status: 418, expose: true });
  });
  express.post('/hidden', () => {
    throw Object.assign(new Error('table users is missing'), { status: 404 });
  });
}

beforeEach(async () => {
  lines = [];
  app = await startApp({
    plan: { spend: '$50/day' },
    options: { log: { logger: log }, meter: { fetch: globalThis.fetch } },
    routes,
  });
  providerUrl = app.provider.url;
});
afterEach(() => {
  timeout = 30_000;
  return app.close();
});

async function ask(path: string) {
  const headers = { authorization: `Bearer ${app.key}`, 'content-type': 'application/json' };
  const answer = await fetch(app.url + path, { method: 'POST', headers, body: '{}' });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, code: JSON.parse(text).error?.code };
}

const sdks = ['/openai', '/anthropic', '/gemini', '/ai-sdk'];

describe("a provider's failure that an SDK throws in a handler", () => {
  const failures: [string, Script, number, string][] = [
    ['429', { status: 429, retryAfterSeconds: 7 }, 429, 'upstream_rate_limited'],
    [
      '429 because the credit is gone',
      { status: 429, errorCode: 'insufficient_quota' },
      502,
      'upstream_error',
    ],
    ["401 for the app's key", { status: 401 }, 502, 'upstream_error'],
    ['403', { status: 403 }, 502, 'upstream_error'],
    ['500', { status: 500 }, 502, 'upstream_error'],
    ['503', { status: 503 }, 503, 'upstream_unavailable'],
    ['404 for a model', { status: 404 }, 502, 'upstream_error'],
  ];
  const table = sdks.flatMap((path) => failures.map((failure) => [path, ...failure] as const));

  it.each(table.filter(([path, what]) => (what.includes('credit') ? /openai|ai-sdk/.test(path) : true)))(
    'of %s, %s, is answered as by proxy()',
    async (path, _what, script, status, code) => {
      app.provider.script(script);
      const answer = await ask(path);
      expect([answer.status, answer.code ?? JSON.parse(answer.text).error.details[0].reason]).toEqual([
        status,
        code,
      ]);
      expect(answer.text).not.toMatch(/sk-the|stack|\.js:/);
      expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    },
  );

  it.each(['/openai', '/anthropic'])("of %s passes on the provider's wait", async (path) => {
    app.provider.script({ status: 429, retryAfterSeconds: 7 });
    expect((await ask(path)).headers.get('retry-after')).toBe('7');
  });

  it.each(['/openai', '/anthropic'])('of %s that does not answer in time is a 504', async (path) => {
    app.provider.script({ hang: 'before-headers' });
    timeout = 300;
    expect(await ask(path)).toMatchObject({ status: 504, code: 'upstream_timeout' });
  });

  it.each([...sdks, '/plain'])('of %s that cannot be reached is a 503', async (path) => {
    await app.provider.close();
    expect(await ask(path)).toMatchObject({ status: 503, code: 'upstream_unavailable' });
  });
});

describe("a handler's own error", () => {
  it('is a plain 500 for the client, and is reported with its stack and the id of the request', async () => {
    const faults: object[] = [];
    const end = subscribe('tollgate:fault', (facts) => faults.push(facts));
    const answer = await ask('/bug');
    end();
    expect([answer.status, answer.code, answer.text.includes('mine')]).toEqual([
      500,
      'internal_error',
      false,
    ]);
    const requestId = answer.headers.get('x-request-id');
    const [line] = lines.filter(({ level }) => level === 'error');
    expect(line?.facts).toMatchObject({
      requestId,
      method: 'POST',
      path: '/bug',
      status: 500,
      tenant: 'acme',
    });
    expect(line?.facts.stack).toContain('Error: mine\n    at ');
    expect(faults).toEqual([expect.objectContaining({ source: 'handler', requestId, error: 'Error' })]);
  });

  it("that reads like a failed fetch is not taken for a provider's", async () => {
    expect(await ask('/type-error')).toMatchObject({ status: 500, code: 'internal_error' });
  });

  it('keeps status and message where it is meant for the client, as those of http-errors', async () => {
    expect(await ask('/teapot')).toMatchObject({
      status: 418,
      text: expect.stringContaining('No coffee here.'),
    });
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('with a status but without expose is a 500', async () => {
    expect(await ask('/hidden')).toMatchObject({ status: 500, text: expect.not.stringContaining('users') });
  });
});

describe('tollgate({ log })', () => {
  it('writes the features and limits at start, and one line for each refusal', async () => {
    expect(lines[0]).toMatchObject({
      level: 'info',
      message: expect.stringContaining('plan test: $50.00/day by key'),
    });
    const answer = await fetch(`${app.url}/bug`, { method: 'POST' });
    const refusal = lines.find(({ message }) => message.includes('401'));
    expect(refusal).toMatchObject({ level: 'info', message: 'tollgate: refused with 401 missing_api_key' });
    expect(refusal?.facts.requestId).toBe(answer.headers.get('x-request-id'));
  });
});
