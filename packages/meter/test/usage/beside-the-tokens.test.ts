import { describe, expect, it } from '@jest/globals';
import { noUsage } from '@tollgate/core/internal';
import { formatOf, ResponseReader } from '@tollgate/wire';
import { makeEngine } from '../../src/calls/engine.js';
import { multiplierOf } from '../../src/prices/price.js';
import { priceCatalogue } from '../../src/prices/price-catalogue.js';
import type { ParseOptions } from '../../src/requests/parse-options.js';

type Api = Parameters<typeof formatOf>[0];

function readBody(api: Api, body: unknown) {
  const reader = new ResponseReader({ format: formatOf(api), stream: false });
  reader.begin(200, 'application/json');
  reader.push(Buffer.from(JSON.stringify(body)));
  reader.end();
  return reader.answer;
}

function readEvents(api: Api, events: readonly unknown[]) {
  const reader = new ResponseReader({ format: formatOf(api), stream: true });
  reader.begin(200, 'text/event-stream');
  for (const event of events) reader.push(Buffer.from(`data: ${JSON.stringify(event)}\n\n`));
  reader.end();
  return reader.answer;
}

/** The charge for a call whose response has this body, in nano-dollars. */
function charged(
  call: { url: string; api: Api; body: object; provider?: string },
  answer: unknown,
  options = {},
) {
  const engine = makeEngine(options as ParseOptions, () => Date.UTC(2026, 10, 20));
  const parsed = engine.parse({
    method: 'POST',
    headers: {},
    ...(call as { url: string; api: Api; body: never }),
  });
  if (!parsed) throw new Error('not metered');
  const { usage, model } = readBody(call.api, answer);
  if (!usage) throw new Error('no usage');
  const counts = {
    ...noUsage,
    ...usage,
    inputTokens: usage.inputTokens ?? 0,
    outputTokens: usage.outputTokens ?? 0,
  };
  return engine.priceOf(parsed, counts, { model, reported: usage }).costNanoUsd;
}

describe('cached tokens in the fields of other providers', () => {
  it.each([
    ['Moonshot', { cached_tokens: 40 }],
    ['Mistral', { num_cached_tokens: 40 }],
    ['DeepSeek', { prompt_cache_hit_tokens: 40, prompt_cache_miss_tokens: 60 }],
  ])('%s', (_, field) => {
    const usage = formatOf('openai-chat').usage({ prompt_tokens: 100, completion_tokens: 5, ...field });
    expect(usage).toMatchObject({ inputTokens: 100, cachedInputTokens: 40, suspicious: false });
  });

  it('OpenRouter counts a token as read and as written: it costs the write, and the figures are no error', () => {
    const prompt_tokens_details = { cached_tokens: 80, cache_write_tokens: 60 };
    expect(
      formatOf('openai-chat').usage({ prompt_tokens: 100, completion_tokens: 5, prompt_tokens_details }),
    ).toMatchObject({
      cachedInputTokens: 40,
      cacheWriteTokens: 60,
      suspicious: false,
    });
  });
});

describe('iterations of Anthropic', () => {
  const usage = {
    input_tokens: 600,
    cache_read_input_tokens: 82,
    output_tokens: 1_320,
    iterations: [
      { type: 'compaction', input_tokens: 60_000, cache_read_input_tokens: 385, output_tokens: 592 },
      { type: 'message', input_tokens: 600, cache_read_input_tokens: 82, output_tokens: 1_320 },
    ],
  };

  it('of compaction are added to the totals, which leave them out', () => {
    expect(formatOf('anthropic-messages').usage(usage)).toMatchObject({
      inputTokens: 682 + 60_385,
      cachedInputTokens: 82 + 385,
      outputTokens: 1_320 + 592,
      suspicious: false,
    });
  });

  it('of an advisor are charged at the advisor’s price', () => {
    const advised = (iterations: readonly object[]) =>
      charged(
        {
          url: 'https://api.anthropic.com/v1/messages',
          api: 'anthropic-messages',
          body: { model: 'claude-haiku-4-5', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] },
        },
        { model: 'claude-haiku-4-5', content: [], usage: { input_tokens: 10, output_tokens: 5, iterations } },
      );
    const advisor = {
      type: 'advisor_message',
      model: 'claude-opus-4-8',
      input_tokens: 2_728,
      output_tokens: 3_880,
    };
    // 5 and 25 dollars per million tokens.
    expect(advised([advisor]) - advised([])).toBe(2_728 * 5_000 + 3_880 * 25_000);
  });
});

describe('uses of server-side tools', () => {
  const queries = {
    groundingMetadata: { webSearchQueries: ['a', 'b', 'c'], groundingChunks: [{ web: {} }] },
  };
  const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 5 };

  it('Gemini 3 bills each search, Gemini 2 the prompt', () => {
    const uses = (modelVersion: string) =>
      readBody('gemini-generate', { candidates: [queries], usageMetadata, modelVersion }).usage?.toolRequests;
    expect(uses('gemini-3-pro-preview')).toEqual({ web_search: 3 });
    expect(uses('gemini-2.5-flash')).toEqual({ web_search: 1 });
  });

  it('of Gemini are counted once though later events repeat them', () => {
    const event = { candidates: [queries], usageMetadata, modelVersion: 'gemini-3-flash' };
    const last = { candidates: [{ finishReason: 'STOP' }], usageMetadata, modelVersion: 'gemini-3-flash' };
    expect(readEvents('gemini-generate', [event, event, last]).usage?.toolRequests).toEqual({
      web_search: 3,
    });
  });

  it('of Gemini’s maps, files and pages are counted by the names of the tools', () => {
    const candidate = {
      groundingMetadata: { groundingChunks: [{ maps: {} }, { maps: {} }, { retrievedContext: {} }] },
      urlContextMetadata: { urlMetadata: [{}, {}] },
    };
    const { usage } = readBody('gemini-generate', { candidates: [candidate], usageMetadata });
    expect(usage?.toolRequests).toEqual({ googleMaps: 1, fileSearch: 1, urlContext: 2 });
  });

  it('a declared fee of Gemini’s search is charged', () => {
    const tools = { googleSearch: { usdPerUse: '0.014', maxUses: 5, inputTokensPerUse: 0 } };
    const call = {
      url: 'https://generativelanguage.googleapis.com/v1beta/models/gemini-3.1-pro-preview:generateContent',
      api: 'gemini-generate' as const,
      body: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }], tools: [{ googleSearch: {} }] },
    };
    const cost = (candidate: object) =>
      charged(
        call,
        { candidates: [candidate], usageMetadata, modelVersion: 'gemini-3.1-pro-preview' },
        { tools },
      );
    expect(cost(queries) - cost({})).toBe(3 * 14_000_000);
  });

  it('of every tool that OpenAI runs are counted, those of the client are not', () => {
    const types = [
      'mcp_call',
      'image_generation_call',
      'x_search_call',
      'mcp_call',
      'function_call',
      'computer_call',
    ];
    const { usage } = readBody('openai-responses', {
      output: types.map((type) => ({ type })),
      usage: { input_tokens: 1, output_tokens: 2 },
    });
    expect(usage?.toolRequests).toEqual({ mcp: 2, image_generation: 1, x_search: 1 });
  });
});

describe('the cost that a provider states', () => {
  const openRouter = {
    url: 'https://openrouter.ai/api/v1/chat/completions',
    api: 'openai-chat' as const,
    body: { model: 'openai/gpt-5-mini', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] },
  };
  const usage = { prompt_tokens: 1_000, completion_tokens: 100 };
  const own = charged(openRouter, { model: 'openai/gpt-5-mini', usage });

  it('is charged where it is higher than the catalogue’s price', () => {
    expect(own).toBeGreaterThan(0);
    expect(charged(openRouter, { model: 'openai/gpt-5-mini', usage: { ...usage, cost: 0.0123 } })).toBe(
      12_300_000,
    );
  });

  it('does not lower a charge', () => {
    expect(
      charged(openRouter, { model: 'openai/gpt-5-mini', usage: { ...usage, cost: 0.000_000_001 } }),
    ).toBe(own);
  });

  it('is read in xAI’s ticks, and ignored where it is no amount', () => {
    expect(formatOf('openai-chat').usage({ ...usage, cost_in_usd_ticks: 123_456 })?.statedNanoUsd).toBe(
      12_346,
    );
    for (const cost of [-1, Number.NaN, '0.1', 1e300, null])
      expect(formatOf('openai-chat').usage({ ...usage, cost })?.statedNanoUsd).toBeUndefined();
  });

  it('is ignored at providers that do not document it', () => {
    const call = {
      ...openRouter,
      url: 'https://api.openai.com/v1/chat/completions',
      body: { ...openRouter.body, model: 'gpt-5-mini' },
    };
    const openai = charged(call, { model: 'gpt-5-mini', usage });
    expect(charged(call, { model: 'gpt-5-mini', usage: { ...usage, cost: 99 } })).toBe(openai);
  });
});

describe('a service tier that no table lists', () => {
  it.each([
    ['openrouter', 'openai/gpt-5-mini', 1],
    ['groq', 'llama-3.3-70b-versatile', 1],
    ['openai', 'gpt-5-mini', 3],
    ['anthropic', 'claude-haiku-4-5', 6],
  ])('costs at %s (%s) %d times the ordinary price', (provider, model, times) => {
    const price = priceCatalogue().find(provider, model);
    if (!price) throw new Error('no price');
    const [by, over] = multiplierOf(price, 'provisioned');
    expect(Number(by) / Number(over)).toBe(times);
  });
});

describe('what a provider that misbehaves reports', () => {
  const hostile = { toString: 1, valueOf: 1 };

  it('is counted where it is well formed, and ignored where a type is no text', () => {
    const output = [
      { type: hostile },
      { type: 'constructor_call' },
      { type: '__proto___call' },
      { type: 'mcp_call' },
    ];
    const body = { model: 'gpt-5-mini', output, usage: { input_tokens: 1, output_tokens: 1 } };
    const counts = Object.entries(readBody('openai-responses', body).usage?.toolRequests ?? {});
    expect(counts).toContainEqual(['mcp', 1]);
    expect(counts.every(([, count]) => count === 1)).toBe(true);
    const event = { type: hostile, response: body };
    expect(() => readEvents('openai-responses', [event])).not.toThrow();
    const gemini = { candidates: [{}], modelVersion: hostile, usageMetadata: { promptTokenCount: 1 } };
    expect(readBody('gemini-generate', gemini).usage?.inputTokens).toBe(1);
  });

  it('is not read deeper than iterations go, which have none of their own', () => {
    const plain = { input_tokens: 10, output_tokens: 1 };
    let nested: object = { type: 'compaction', ...plain };
    for (let depth = 0; depth < 5_000; depth += 1)
      nested = { type: 'compaction', ...plain, iterations: [nested] };
    const usage = formatOf('anthropic-messages').usage({ ...plain, iterations: [{ type: hostile }, nested] });
    expect(usage).toMatchObject({ inputTokens: 20, outputTokens: 2 });
  });
});
