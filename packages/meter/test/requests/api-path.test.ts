import { describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { forgetWarnings } from '@tollgate/core/internal';
import { apiOf, unmeteredRouteOf } from '../../src/requests/api-path.js';
import { type OwnProviders, providerFinder } from '../../src/requests/provider-of.js';
import { outgoing } from './call.js';

describe('the wire format of a URL', () => {
  it.each([
    ['/v1/chat/completions', 'openai-chat'],
    ['/chat/completions', 'openai-chat'],
    ['/ai/v1/chat/completions', 'openai-chat'],
    ['https://api.openai.com/v1/chat/completions', 'openai-chat'],
    ['https://openrouter.ai/api/v1/chat/completions?x=1#y', 'openai-chat'],
    ['http://127.0.0.1:4010/chat/completions', 'openai-chat'],
    ['/V1/Chat/Completions/', 'openai-chat'],
    ['/v1//chat/./completions//', 'openai-chat'],
    ['/v1/%63hat%2Fcompletions', 'openai-chat'],
    ['/openai/deployments/mine/chat/completions?api-version=1', 'openai-chat'],
    ['/v1/responses', 'openai-responses'],
    ['/openai/v1/responses', 'openai-responses'],
    ['/openai/responses?api-version=1', 'openai-responses'],
    ['http://127.0.0.1:4010/responses', 'openai-responses'],
    ['/v1/embeddings', 'openai-embeddings'],
    ['/openai/deployments/mine/embeddings', 'openai-embeddings'],
    ['/v1/messages', 'anthropic-messages'],
    ['/anthropic/v1/messages/', 'anthropic-messages'],
    ['/v1beta/models/gemini-2.5-pro:generateContent', 'gemini-generate'],
    ['/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse', 'gemini-generate'],
    ['/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:generateContent', 'gemini-generate'],
    ['/v1beta/models/gemini-2.5-pro%3AgenerateContent', 'gemini-generate'],
  ])('%s is %s', (url, api) => {
    expect(apiOf(url, 'POST')?.api).toBe(api);
    expect(unmeteredRouteOf(url, 'POST')).toBeUndefined();
  });

  it.each([
    '/survey/responses',
    '/messages',
    '/v1/threads/t/messages',
    '/v1/messages/count_tokens',
    '/v1/responses/resp_1/cancel',
    '/v1/models',
    '/v1beta/models/gemini-2.5-pro:countTokens',
    '/chat:generateContent',
    '/',
    '',
    'https://api.openai.com',
    '/%E0%A4%A',
  ])('%s has none', (url) => {
    expect(apiOf(url, 'POST')).toBeUndefined();
  });

  it('is told by POST only', () => {
    expect(apiOf('/v1/chat/completions', 'GET')).toBeUndefined();
    expect(apiOf('/v1/chat/completions', 'post')?.api).toBe('openai-chat');
  });

  it('names the model where it is part of the path, as it was written', () => {
    expect(apiOf('/openai/Deployments/My-Dep/chat/completions', 'POST')).toMatchObject({
      model: 'My-Dep',
      azure: true,
    });
    expect(apiOf('/v1beta/models/gemini-2.5-pro:streamGenerateContent', 'POST')).toMatchObject({
      model: 'gemini-2.5-pro',
      stream: true,
    });
  });

  it('takes time in proportion to its length, whatever it holds', () => {
    for (const url of ['/'.repeat(100_000), '%2f'.repeat(30_000), `/models/${':'.repeat(100_000)}`]) {
      expect(apiOf(url, 'POST')).toBeUndefined();
    }
  });
});

describe('a route that costs money and is not metered', () => {
  it.each([
    ['/v1/batches', 'batches'],
    ['/v1/files', 'files'],
    ['/v1/images/generations', 'images'],
    ['/v1/audio/speech', 'audio'],
    ['/v1/realtime/client_secrets', 'realtime'],
    ['/v1/fine_tuning/jobs', 'fine_tuning'],
    ['/v1/assistants', 'assistants'],
    ['/v1/threads/t/runs', 'threads'],
    ['/v1/vector_stores', 'vector_stores'],
    ['/v1/videos', 'videos'],
    ['/v1/completions', 'completions'],
    ['/v1/conversations', 'conversations'],
    ['/v1/responses/compact', 'responses/compact'],
    ['/v1/messages/batches', 'messages/batches'],
    ['/openai/deployments/d/images/generations', 'images'],
    ['/openai/v1/batches', 'batches'],
    ['/v1beta/models/gemini-2.5-pro:batchGenerateContent', 'batchgeneratecontent'],
    ['/v1beta/models/imagen-4:predict', 'predict'],
    ['/v1beta/models/gemini-embedding-001:embedContent', 'embedcontent'],
    ['/v1beta/cachedContents', 'cachedcontents'],
    ['/V1/Batches/', 'batches'],
    ['https://api.openai.com/v1/batches?x=1', 'batches'],
  ])('%s is %s', (url, name) => {
    expect(unmeteredRouteOf(url, 'POST')).toBe(name);
    if (name !== 'realtime') expect(unmeteredRouteOf(url, 'GET')).toBeUndefined();
  });

  it('is realtime with any method', () => {
    expect(unmeteredRouteOf('/v1/realtime?model=gpt-realtime', 'GET')).toBe('realtime');
  });

  it.each(['/summarize', '/files', '/v1/summarize', '/v1/models', '/v1/messages/count_tokens'])(
    '%s is none',
    (url) => {
      expect(unmeteredRouteOf(url, 'POST')).toBeUndefined();
    },
  );
});

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
    const match = apiOf(url, 'POST');
    expect(match && providerFinder({ provider: 'fallback' })(outgoing(url, {}), match)).toBe(provider);
  });

  it('is what the transport says', () => {
    const request = outgoing('https://api.openai.com/v1/chat/completions', {}, { provider: 'groq' });
    expect(providerFinder({})(request, { api: 'openai-chat' })).toBe('groq');
  });

  const of = (url: string, own: OwnProviders = {}): string | undefined => {
    const match = apiOf(url, 'POST');
    return match && providerFinder(own)(outgoing(url, {}), match);
  };

  it.each([
    ['https://router.huggingface.co/groq/v1/chat/completions', 'huggingface_groq'],
    ['https://router.huggingface.co/together/v1/chat/completions', 'huggingface_together'],
    ['https://api.minimax.io/v1/chat/completions', 'minimax'],
    ['https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1/chat/completions', 'aws'],
    ['https://api.z.ai.example/v1/chat/completions', 'openai'],
    ['https://api.minimax.iot.example/v1/chat/completions', 'openai'],
  ])('of %s is told by the catalogue: %s', (url, provider) => {
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

  it('is the owner of the format where nobody knows the host, which is warned of once, hosts of this machine apart', () => {
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
