import { describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { forgetWarnings } from '@tollgate/core/internal';
import { routeOf } from '@tollgate/wire';
import { type OwnProviders, providerFinder } from '../../src/requests/provider-of.js';
import { outgoing } from './call.js';

describe('the provider of a call', () => {
  it.each([
    ['https://api.openai.com/v1/chat/completions', 'openai'],
    ['https://acme.openai.azure.com/openai/v1/chat/completions', 'azure'],
    ['https://api.anthropic.com/v1/messages', 'anthropic'],
    ['https://europe-west1-aiplatform.googleapis.com/v1/models/g:generateContent', 'google'],
    ['https://api.mistral.ai/v1/chat/completions', 'mistral'],
    ['https://user:api.openai.com@api.groq.com:443/openai/v1/chat/completions', 'groq'],
    ['https://api.openai.com.evil.example/v1/chat/completions', 'fallback'],
    ['http://127.0.0.1:4010/v1/chat/completions', 'fallback'],
    ['/openai/deployments/d/chat/completions', 'azure'],
    ['/v1/messages', 'anthropic'],
    ['/v1beta/models/g:generateContent', 'google'],
    ['/v1/chat/completions', 'fallback'],
  ])('of %s is %s', (url, provider) => {
    const match = routeOf(url, 'POST');
    expect(match && providerFinder({ provider: 'fallback' })(outgoing(url, {}), match)).toBe(provider);
  });

  it('is what the transport says', () => {
    const request = outgoing('https://api.openai.com/v1/chat/completions', {}, { provider: 'groq' });
    expect(providerFinder({})(request, { api: 'openai-chat' })).toBe('groq');
  });

  const of = (url: string, own: OwnProviders = {}): string | undefined => {
    const match = routeOf(url, 'POST');
    return match && providerFinder(own)(outgoing(url, {}), match);
  };

  it.each([
    ['https://router.huggingface.co/groq/v1/chat/completions', 'huggingface_groq'],
    ['https://router.huggingface.co/together/v1/chat/completions', 'huggingface_together'],
    ['https://api.minimax.io/v1/chat/completions', 'minimax'],
    ['https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1/chat/completions', 'aws'],
    ['https://api.z.ai.example/v1/chat/completions', 'openai'],
    ['https://api.minimax.iot.example/v1/chat/completions', 'openai'],
  ])('of %s is %s, by the catalogue', (url, provider) => {
    expect(of(url)).toBe(provider);
  });

  it('is what the app says of a base URL, to the letter of its path, the longest first', () => {
    const baseUrls = {
      'https://llm.example.com/v1/': 'openai',
      'https://llm.example.com/groq/v1': 'groq',
      'https://llm.example.com': 'mistral',
      'http://127.0.0.1:11434/v1': 'ollama',
      'https://api.openai.com/v1': 'azure',
    };
    for (const [url, provider] of [
      ['https://llm.example.com/v1/chat/completions', 'openai'],
      ['https://LLM.example.com:443/v1/messages', 'openai'],
      ['https://llm.example.com/groq/v1/chat/completions?x=1', 'groq'],
      ['https://llm.example.com/v10/chat/completions', 'mistral'],
      ['http://127.0.0.1:11434/v1/chat/completions', 'ollama'],
      ['http://127.0.0.1:11435/v1/chat/completions', 'openai'],
      ['https://api.openai.com/v1/chat/completions', 'azure'],
    ] as const) {
      expect([url, of(url, { baseUrls })]).toEqual([url, provider]);
    }
  });

  it('is the owner of the format where the host is unknown, with one warning unless the host is this machine', () => {
    forgetWarnings();
    const warnings: unknown[] = [];
    const stop = subscribe('tollgate:warning', ({ code, message }) => warnings.push([code, message]));
    expect(of('http://localhost:1234/v1/chat/completions')).toBe('openai');
    expect(of('/v1/chat/completions')).toBe('openai');
    expect(of('https://llm.example.com/v1/chat/completions', { provider: 'mine' })).toBe('mine');
    expect(warnings).toEqual([]);
    expect(of('https://llm.example.com/v1/chat/completions')).toBe('openai');
    expect(of('https://llm.example.com/v1/messages')).toBe('anthropic');
    stop();
    expect(warnings).toEqual([
      ['TOLLGATE_W_UNKNOWN_HOST', expect.stringContaining('unknown host llm.example.com')],
    ]);
  });
});
