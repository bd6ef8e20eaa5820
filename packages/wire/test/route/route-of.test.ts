import { describe, expect, it } from '@jest/globals';
import { errorFormatOf } from '@tollgate/core/internal';
import { formatOf, wireApis } from '../../src/formats.js';
import { isModelList, routeOf } from '../../src/route/route-of.js';
import { unmeteredRouteOf } from '../../src/route/unmetered-route.js';

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
    expect(routeOf(url, 'POST')?.api).toBe(api);
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
    expect(routeOf(url, 'POST')).toBeUndefined();
  });

  it('is recognised in a POST only', () => {
    expect(routeOf('/v1/chat/completions', 'GET')).toBeUndefined();
    expect(routeOf('/v1/chat/completions', 'post')?.api).toBe('openai-chat');
  });

  it('names the model where it is part of the path, as it was written', () => {
    expect(routeOf('/openai/Deployments/My-Dep/chat/completions', 'POST')).toMatchObject({
      model: 'My-Dep',
      azure: true,
    });
    expect(routeOf('/v1beta/models/gemini-2.5-pro:streamGenerateContent', 'POST')).toMatchObject({
      model: 'gemini-2.5-pro',
      stream: true,
    });
  });

  it('takes time in proportion to its length, whatever it holds', () => {
    for (const url of ['/'.repeat(100_000), '%2f'.repeat(30_000), `/models/${':'.repeat(100_000)}`]) {
      expect(routeOf(url, 'POST')).toBeUndefined();
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

describe('where the same words can be a provider’s API or the app’s own', () => {
  it.each([
    ['/messages', undefined, undefined, 'anthropic-messages'],
    ['/responses', undefined, 'openai-responses', 'openai-responses'],
    ['/embeddings', undefined, 'openai-embeddings', 'openai-embeddings'],
    ['/ai/messages', undefined, undefined, 'anthropic-messages'],
    ['/v1/threads/t_1/messages', undefined, undefined, undefined],
    ['/threads/t_1/messages/', undefined, undefined, undefined],
    ['/projects/p:1/chat/completions', 'openai-chat', 'openai-chat', 'openai-chat'],
    ['/v1beta/models/g:countTokens', undefined, undefined, undefined],
    ['/v1//messages', 'anthropic-messages', 'anthropic-messages', 'anthropic-messages'],
    ['/openai/deployments/d/responses', 'openai-responses', 'openai-responses', 'openai-responses'],
    ['/models/gemini-2.5-pro:generateContent', 'gemini-generate', 'gemini-generate', 'gemini-generate'],
    ['/v1beta/tunedModels/mine:generateContent', 'gemini-generate', 'gemini-generate', 'gemini-generate'],
  ])('%s is %s on a route of the app, %s at a host, and %s behind a proxy', (path, own, host, proxied) => {
    expect(routeOf(path, 'POST')?.api).toBe(own);
    expect(routeOf(`https://llm.example.com${path}`, 'POST')?.api).toBe(host);
    expect(routeOf(path, 'POST', { isProxied: true })?.api).toBe(proxied);
  });

  it('a tuned model of Gemini is marked: its path is in another collection', () => {
    expect(routeOf('/v1beta/tunedModels/mine:generateContent', 'POST')).toMatchObject({
      model: 'mine',
      tuned: true,
    });
    expect(routeOf('/v1beta/models/mine:generateContent', 'POST')?.tuned).toBeUndefined();
  });

  it.each(wireApis)('the errors of %s have its shape on each of its paths', (api) => {
    const format = formatOf(api);
    const { path, pathRule, azurePath } = format;
    const sdkPath = path.replace('{model}', 'm').replace('{action}', 'generateContent');
    const paths = [
      sdkPath,
      `/ai${sdkPath}?x=1`,
      ...(pathRule?.below ?? []).map((words) => words + pathRule?.end),
      ...(azurePath === undefined ? [] : [`/openai/deployments/d/${azurePath}`]),
    ];
    for (const one of paths) {
      expect([one, routeOf(one, 'POST', { isProxied: true })?.api]).toEqual([one, api]);
      const req = { headers: {}, originalUrl: one } as Parameters<typeof errorFormatOf>[0];
      expect([one, errorFormatOf(req)]).toEqual([one, format.errors]);
    }
  });

  it.each([
    ['/v1/threads/t_1/messages', 'openai'],
    ['/v1beta/tunedModels/mine:generateContent', 'gemini'],
    ['/gemini/models/g:generateContent', 'gemini'],
  ])('an error on %s has the shape of %s', (originalUrl, shape) => {
    const req = { headers: {}, originalUrl } as Parameters<typeof errorFormatOf>[0];
    expect(errorFormatOf(req)).toBe(shape);
  });
});

describe('a list of models', () => {
  it.each([
    ['/v1/models', 'GET', true],
    ['/v1beta/models/', 'GET', true],
    ['/V1/Models?limit=5', 'get', true],
    ['/v1/models/gpt-5', 'GET', false],
    ['/v1/models', 'POST', false],
    ['/models-of-ours', 'GET', false],
  ])('%s by %s: %s', (url, method, isList) => {
    expect(isModelList(url, method)).toBe(isList);
  });
});
