import { describe, expect, it } from '@jest/globals';
import {
  anthropic,
  azureOpenAI,
  gemini,
  openAiCompatible,
  openai,
  type ProviderOptions,
  type ProxyOptions,
  provider,
  proxy,
} from '../src/index.js';

const fine: ProviderOptions = {
  name: 'mine',
  baseUrl: 'https://api.example',
  paths: { 'openai-chat': '/chat/completions' },
};

describe('provider()', () => {
  it.each([
    [{ baseUrl: 'ftp://api.example' }, 'provider: "baseUrl" must be an http: or https: URL'],
    [{ baseUrl: 'api.example' }, '"baseUrl" must be'],
    [{ baseUrl: 'https://user:secret@api.example' }, 'without credentials, query or fragment'],
    [{ baseUrl: 'https://api.example/?key=1' }, 'without credentials, query or fragment'],
    [{ apiKey: '' }, 'provider: "apiKey" must be a key of visible ASCII characters'],
    [{ apiKey: 'sk-a\r\nx: y' }, '"apiKey" must be'],
    [{ apiKeyHeader: 'cookie' }, '"apiKeyHeader" must be one of'],
    [{ headers: { authorization: 'Bearer x' } }, '"headers" must be'],
    [{ headers: { 'transfer-encoding': 'chunked' } }, '"headers" must be'],
    [{ headers: { 'x-a': 'b\r\nc: d' } }, '"headers" must be'],
    [{ passHeaders: { Authorization: 'any' } }, '"passHeaders" must not name "Authorization"'],
    [{ passHeaders: { 'X-Forwarded-For': 'any' } }, '"passHeaders" must not name "X-Forwarded-For"'],
    [
      { passHeaders: { 'anthropic-beta': true } },
      '"passHeaders" for "anthropic-beta" must be "any" or an array',
    ],
    [{ paths: {} }, '"paths" must be an object of paths that begin with "/"'],
    [{ paths: { 'openai-chat': 'chat' } }, '"paths" must be'],
    [{ paths: { 'openai-chats': '/chat' } }, '"paths" must be'],
    [{ timeouts: { idleMs: 0 } }, 'provider: timeouts: "idleMs" must be a positive integer, received 0'],
    [{ timeouts: { idelMs: 5 } }, 'unknown option "idelMs" (did you mean "idleMs"?)'],
    [{ models: [''] }, '"models" must be a non-empty array'],
    [
      { models: [] },
      'provider: "models" must be a non-empty array, each a non-empty string, received an empty array',
    ],
    [{ name: ' ' }, 'provider: "name" must be a non-empty string'],
    [{ deployments: { 'gpt-5': '' } }, '"deployments" must be an object of deployments by model'],
    ...['/v1/chat/completions', '/v1/messages', '/v1/responses/', '/v1/embeddings'].map(
      (route) =>
        [
          { baseUrl: `https://api.example${route}` },
          `"baseUrl" must be the URL that paths are appended to, without "${route.slice(3)}"`,
        ] as const,
    ),
    [
      { baseUrl: 'https://api.example/v1/', paths: { 'anthropic-messages': '/v1/messages' } },
      'and those of mine begin with "/v1" themselves, received "https://api.example/v1/"',
    ],
    [{ maxConnections: 1.5 }, '"maxConnections" must be a positive integer'],
    [{ baseURL: 'https://api.example' }, 'unknown option "baseURL" (did you mean "baseUrl"?)'],
  ])('refuses %j', (wrong, message) => {
    expect(() => provider({ ...fine, ...(wrong as Partial<ProviderOptions>) })).toThrow(message);
  });

  it.each([{ apiKey: 'sk-sécret' }, { apiKey: 'sk secret' }, { baseUrl: 'https://me:secret@api.example' }])(
    'never repeats a secret in a message: %j',
    (wrong) => {
      let message = '';
      try {
        provider({ ...fine, ...wrong });
      } catch (error) {
        message = String(error);
      }
      expect(message).toMatch(/^TypeError: provider: "(?:apiKey|baseUrl)" must be /);
      expect(message).not.toContain('cret');
    },
  );

  it('keeps the key to itself', () => {
    const made = openai({ apiKey: 'sk-secret' });
    expect(JSON.stringify(made)).not.toContain('sk-secret');
    expect(Object.values(made).join()).not.toContain('sk-secret');
    expect(made.headersOf({ api: 'openai-chat', stream: false }, {})).not.toHaveProperty('authorization');
  });

  it('appends paths to the base URL, with and without a slash at its end', () => {
    const ask = { api: 'openai-chat', stream: false } as const;
    for (const baseUrl of ['https://api.example/a/v1', 'https://api.example/a/v1/']) {
      expect(provider({ ...fine, baseUrl }).targetOf(ask)).toEqual({
        origin: 'https://api.example',
        path: '/a/v1/chat/completions',
      });
    }
  });
});

describe('the built-in providers', () => {
  const url = (one: ReturnType<typeof openai>, ask: Parameters<typeof one.targetOf>[0]): string => {
    const { origin, path } = one.targetOf(ask);
    return origin + path;
  };

  it('call the public services at the base URLs of the official SDKs', () => {
    const apiKey = 'sk-a';
    const whole = { stream: false } as const;
    expect(url(openai({ apiKey }), { ...whole, api: 'openai-responses' })).toBe(
      'https://api.openai.com/v1/responses',
    );
    expect(url(anthropic({ apiKey }), { ...whole, api: 'anthropic-messages' })).toBe(
      'https://api.anthropic.com/v1/messages',
    );
    expect(
      url(gemini({ apiKey }), { api: 'gemini-generate', model: 'gemini-2.5-pro', stream: true, sse: true }),
    ).toBe(
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
    );
    const azure = azureOpenAI({ apiKey, baseUrl: 'https://me.openai.azure.com', apiVersion: '2024-10-21' });
    expect(url(azure, { ...whole, api: 'openai-embeddings', model: 'my-deployment' })).toBe(
      'https://me.openai.azure.com/openai/deployments/my-deployment/embeddings?api-version=2024-10-21',
    );
    const local = openAiCompatible({ name: 'ollama', baseUrl: 'http://127.0.0.1:11434/v1' });
    expect(url(local, { ...whole, api: 'openai-chat' })).toBe('http://127.0.0.1:11434/v1/chat/completions');
    expect(local.signed({})).toEqual({});
    expect(local.apis).toEqual(['openai-chat', 'openai-embeddings']);
  });

  it('need a key, and name themselves when an option is wrong', () => {
    expect(() => openai({} as { apiKey: string })).toThrow('openai: "apiKey" is required');
    expect(() => anthropic({ apiKey: '' })).toThrow('"apiKey" must be a key');
    expect(() => gemini({ apiKey: 'a', baseURL: 'x' } as { apiKey: string })).toThrow(
      'gemini: unknown option "baseURL" (did you mean "baseUrl"?)',
    );
  });
});

describe('proxy()', () => {
  const one = openai({ apiKey: 'sk-a' });

  it.each([
    [{}, 'proxy: exactly one of "provider" and "providers" is required'],
    [{ provider: one, providers: [one] }, 'exactly one of'],
    [{ providers: [] }, '"providers" must be a non-empty array'],
    [{ providers: ['openai'] }, '"providers" must be a non-empty array'],
    [
      { providers: [one, openai({ apiKey: 'sk-2' })] },
      'providers of different names or base URLs ("openai" is there twice; several keys are "apiKeys")',
    ],
    [{ provider: 'openai' }, '"provider" must be a provider, such as openai({ apiKey })'],
    [{ provider: one, whenClientGone: 'stop' }, '"whenClientGone" must be one of "abort", "drain"'],
    [{ provider: one, drainMs: -1 }, '"drainMs" must be a positive integer, received -1'],
    [{ provider: one, api: 'openai' }, '"api" must be one of'],
    [{ provider: one, timeouts: { totalMs: Number.NaN } }, 'proxy: timeouts: "totalMs" must be'],
    [{ provider: one, timeout: {} }, 'unknown option "timeout" (did you mean "timeouts"?)'],
    [{ provider: one, mode: 'off' }, 'unknown option "mode"'],
  ])('refuses %j', (wrong, message) => {
    expect(() => proxy(wrong as ProxyOptions)).toThrow(message);
  });

  it('takes one provider at two base URLs', () => {
    const elsewhere = openai({ apiKey: 'sk-b', baseUrl: 'https://eu.api.openai.com/v1' });
    expect(proxy({ providers: [one, elsewhere] })).toBeInstanceOf(Function);
  });
});
