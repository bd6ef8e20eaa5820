import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import OpenAI from 'openai';
import { memoryKeys, type Tollgate } from 'tollgate';
import { createApp } from '../src/app.js';
import { session } from '../src/session.js';

let provider: SimulatedProvider;
let tg: Tollgate;
let server: Server;
let url: string;
let annsKey: string;
beforeEach(async () => {
  provider = await simulateProvider({ apiKeys: ['the-provider-key'] });
  const keys = memoryKeys();
  annsKey = keys.create({
    tenant: 'acme',
    team: 'one',
    user: 'ann',
    plan: 'developer',
    scopes: ['self'],
  }).key;
  const made = createApp({
    keys,
    childSecret: 'a secret of at least thirty-two bytes',
    anthropicApiKey: 'the-provider-key',
    anthropicBaseUrl: provider.url,
    openaiApiKey: 'the-provider-key',
    openaiBaseUrl: provider.openAiUrl,
  });
  tg = made.tg;
  server = createServer(made.app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await tg.close({ graceMs: 500 });
  await provider.close();
});

const claude = (authToken: string) => new Anthropic({ authToken, apiKey: null, baseURL: url, maxRetries: 0 });
const codex = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
const messages = [{ role: 'user' as const, content: 'Explain this.' }];

describe('a gateway for coding agents', () => {
  it('serves Anthropic’s stream and OpenAI’s responses to one session, with the provider’s key', async () => {
    const { token } = await session(url, annsKey, { spend: '$2', hours: 1 });
    const stream = claude(token).messages.stream({ model: 'claude-sonnet-4-6', max_tokens: 50, messages });
    expect((await stream.finalMessage()).usage.output_tokens).toBeGreaterThan(0);
    const { output_text } = await codex(token).responses.create({ model: 'gpt-5', input: 'Write a test.' });
    expect(output_text.length).toBeGreaterThan(0);
    expect(JSON.stringify(provider.requests.map(({ headers }) => headers))).not.toContain(token);
  });

  it('charges a session to its developer, and ends at the session’s own money', async () => {
    provider.script({ tokens: 900 });
    const { token } = await session(url, annsKey, { spend: '$0.02', hours: 1 });
    const ask = () =>
      claude(token).messages.create({ model: 'claude-sonnet-4-6', max_tokens: 1_000, messages });
    await ask();
    await expect(ask()).rejects.toMatchObject({ status: 402 });
    const usage = await fetch(`${url}/usage`, { headers: { authorization: `Bearer ${annsKey}` } });
    const { limits } = (await usage.json()) as { limits: { used: string; cap: string }[] };
    const [daily] = limits.filter(({ cap }) => cap === '20.00');
    expect(Number(daily?.used)).toBeGreaterThan(0.013);
    expect(Number(daily?.used)).toBeLessThanOrEqual(0.02);
  });

  it('lists and allows the models of the plan only', async () => {
    const { token } = await session(url, annsKey, { spend: '$2', hours: 1 });
    await expect(codex(token).responses.create({ model: 'gpt-4.1', input: 'hi' })).rejects.toMatchObject({
      status: 403,
    });
  });

  it('passes the beta features that the team has agreed to, and no others', async () => {
    const { token } = await session(url, annsKey, { spend: '$2', hours: 1 });
    const headers = { 'anthropic-beta': 'interleaved-thinking-2025-05-14,files-api-2025-04-14' };
    await claude(token).messages.create(
      { model: 'claude-sonnet-4-6', max_tokens: 50, messages },
      { headers },
    );
    expect(provider.requests[0]?.headers['anthropic-beta']).toBe('interleaved-thinking-2025-05-14');
  });

  it('gives no credential to a child, or to a key without the scope', async () => {
    const { token } = await session(url, annsKey, { spend: '$2', hours: 1 });
    await expect(session(url, token, { spend: '$2', hours: 1 })).rejects.toThrow('child credential');
  });
});
