import { describe, expect, it } from '@jest/globals';
import { parseCall } from '../../src/requests/parse-call.js';
import { parseSettings } from '../../src/requests/parse-settings.js';
import { call, outgoing, parse, paths, plain, sent, verdict } from './call.js';

describe('a parsed call', () => {
  it('knows format, provider, model and whether it streams', () => {
    expect(call('chat', { stream: true })).toMatchObject({
      api: 'openai-chat',
      provider: 'openai',
      model: 'gpt-5-mini',
      requestedModel: 'gpt-5-mini',
      stream: true,
      priced: true,
    });
    expect(call('messages')).toMatchObject({
      api: 'anthropic-messages',
      provider: 'anthropic',
      stream: false,
    });
    expect(call('gemini')).toMatchObject({
      api: 'gemini-generate',
      model: 'gemini-2.5-flash',
      stream: false,
    });
    const stream = parse('/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse', plain.gemini);
    expect(stream.stream).toBe(true);
  });

  it('is none where the URL is no metered API', () => {
    const settings = parseSettings({});
    expect(parseCall(outgoing('/v1/summarize', {}), settings)).toBeUndefined();
    expect(parseCall(outgoing('/v1/models', undefined, { method: 'GET' }), settings)).toBeUndefined();
  });

  it('needs a JSON object as its body', () => {
    for (const body of [undefined, null, 'text', 5, []]) {
      expect(verdict(() => parseCall(outgoing(paths.chat, body), parseSettings({})))).toBe(
        '400 invalid_json',
      );
    }
  });

  it('estimates a stated cap, times the answers', () => {
    const { estimate } = call('chat', { max_completion_tokens: 100, n: 3 });
    expect(estimate).toMatchObject({ outputTokens: 300, maxOutputTokens: 100, answers: 3, capStated: true });
    expect(estimate.outputNanoUsd).toBe(300 * 2_000);
    expect(estimate.costNanoUsd).toBe(estimate.inputNanoUsd + estimate.outputNanoUsd);
    expect(estimate.inputTokens).toBeGreaterThan(0);
  });

  it('says that no cap is stated, and estimates 4 096 tokens', () => {
    for (const path of ['chat', 'responses', 'messages', 'gemini'] as const) {
      expect(call(path).estimate).toMatchObject({ maxOutputTokens: 4_096, capStated: false });
    }
    expect(call('embeddings').estimate).toMatchObject({ outputTokens: 0, maxOutputTokens: 0, answers: 0 });
  });

  it.each([
    ['chat', { max_completion_tokens: 50 }],
    ['responses', { max_output_tokens: 50 }],
    ['messages', { max_tokens: 50 }],
    ['gemini', { generationConfig: { maxOutputTokens: 50 } }],
  ] as const)('writes a cap into the %s body where the format has it', (path, expected) => {
    const parsed = call(path);
    const estimate = parsed.estimateOf({ maxOutputTokens: 50 });
    expect(parsed.estimate.maxOutputTokens).toBe(4_096);
    parsed.apply({ maxOutputTokens: 50 });
    expect(parsed.estimate).toEqual(estimate);
    expect(sent(parsed)).toEqual({ ...plain[path], ...expected });
  });

  it('writes the cap into the fields that state one', () => {
    const legacy = call('chat', { max_tokens: 900 });
    legacy.apply({ maxOutputTokens: 50 });
    expect(sent(legacy)).toEqual({ ...plain.chat, max_tokens: 50 });
    const both = call('chat', { max_tokens: 1, max_completion_tokens: 900 });
    both.apply({ maxOutputTokens: 50 });
    expect(sent(both)).toMatchObject({ max_tokens: 50, max_completion_tokens: 50 });
    const snake = call('gemini', { generation_config: { max_output_tokens: 900, temperature: 1 } });
    snake.apply({ maxOutputTokens: 50 });
    expect(sent(snake).generation_config).toEqual({ maxOutputTokens: 50, temperature: 1 });
  });

  it('states the cap in the legacy field too, where the provider may read no other', () => {
    const ask = { model: 'deepseek-chat', messages: [] };
    const url = 'https://api.deepseek.com/v1/chat/completions';
    const capped = parse(url, { ...ask, max_completion_tokens: 9 });
    expect(sent(capped)).toEqual({ ...ask, max_completion_tokens: 9, max_tokens: 9 });
    capped.apply({ maxOutputTokens: 5 });
    expect(sent(capped)).toEqual({ ...ask, max_completion_tokens: 5, max_tokens: 5 });
    const nothing = { ...ask, max_completion_tokens: 9, max_tokens: null };
    expect(sent(parse(url, nothing))).toMatchObject({ max_completion_tokens: 9, max_tokens: 9 });
    for (const stated of [{ max_tokens: 9 }, { max_tokens: 1, max_completion_tokens: 9 }]) {
      expect(sent(parse(url, { ...ask, ...stated }))).toEqual({ ...ask, ...stated });
    }
    const openai = { ...plain.chat, max_completion_tokens: 9 };
    expect(sent(parse('https://api.openai.com/v1/chat/completions', openai))).toEqual(openai);
    expect(sent(parse(url, ask))).toEqual(ask);
  });

  it('uses the legacy field with providers other than OpenAI and Azure', () => {
    const parsed = parse('https://api.mistral.ai/v1/chat/completions', {
      model: 'mistral-large-latest',
      messages: [],
      stream: true,
    });
    parsed.apply({ maxOutputTokens: 50 });
    expect(sent(parsed)).toEqual({
      model: 'mistral-large-latest',
      messages: [],
      stream: true,
      max_tokens: 50,
    });
  });

  it('changes the model, its price and its estimate together', () => {
    const parsed = call('chat', { model: 'gpt-5' });
    const before = parsed.estimate.costNanoUsd;
    parsed.apply({ model: 'gpt-5-mini' });
    expect(parsed.model).toBe('gpt-5-mini');
    expect(parsed.requestedModel).toBe('gpt-5');
    expect(parsed.estimate.costNanoUsd).toBeLessThan(before);
    expect(parsed.price.model).toBe('gpt-5-mini');
    expect(sent(parsed).model).toBe('gpt-5-mini');
  });

  it('changes the model in the URL where it is part of it', () => {
    const gemini = parse(
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent?alt=x',
      plain.gemini,
    );
    gemini.apply({ model: 'gemini-2.5-flash' });
    expect(gemini.url).toBe(
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent?alt=x',
    );
    expect(sent(gemini)).toEqual(plain.gemini);
    const azure = parse(
      'https://acme.openai.azure.com/openai/deployments/Big/chat/completions?api-version=2026-01-01',
      { messages: [] },
      { models: { Big: 'gpt-5', small: 'gpt-5-mini' } },
    );
    expect(azure).toMatchObject({ provider: 'azure', requestedModel: 'Big', model: 'gpt-5' });
    azure.apply({ model: 'gpt-5-mini' });
    expect(azure.url).toBe(
      'https://acme.openai.azure.com/openai/deployments/small/chat/completions?api-version=2026-01-01',
    );
  });

  it('refuses a variant that cannot be priced, and stays as it was', () => {
    const parsed = call('chat');
    expect(verdict(() => parsed.apply({ model: 'gpt-unheard-of' }))).toBe('400 model_not_priced model');
    expect(parsed.model).toBe('gpt-5-mini');
    expect(sent(parsed).model).toBe('gpt-5-mini');
  });

  it('never writes to the body it was given', () => {
    const body = { ...plain.chat, stream: true, stream_options: { include_usage: false } };
    const before = JSON.stringify(body);
    const frozen = Object.freeze(body);
    Object.freeze(body.stream_options);
    const parsed = parse(paths.chat, frozen);
    parsed.apply({ model: 'gpt-5', maxOutputTokens: 7 });
    parsed.serialise();
    expect(JSON.stringify(body)).toBe(before);
  });

  it('asks every chat stream for usage, and remembers whether the client did', () => {
    for (const [asked, options] of [
      [false, undefined],
      [false, null],
      [false, { include_usage: false }],
      [true, { include_usage: true, include_obfuscation: false }],
    ] as const) {
      const parsed = call('chat', {
        stream: true,
        ...(options !== undefined && { stream_options: options }),
      });
      expect(parsed.withUsage).toBe(asked);
      expect(sent(parsed).stream_options).toEqual({ ...options, include_usage: true });
    }
    expect(sent(call('chat'))).toEqual(plain.chat);
  });

  it('is serialised once', () => {
    const parsed = call('chat');
    expect(parsed.serialise()).toBe(parsed.serialise());
    expect(JSON.parse(parsed.serialise())).toEqual(plain.chat);
  });

  it('is not priced where the model is declared free, and refused where it is unknown', () => {
    expect(call('chat', { model: 'tiny' }, { prices: { tiny: 'free' } })).toMatchObject({
      priced: false,
      estimate: { costNanoUsd: 0 },
    });
    expect(verdict(() => call('chat', { model: 'tiny' }))).toBe('400 model_not_priced model');
  });
});
