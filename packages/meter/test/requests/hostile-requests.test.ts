import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@tollgate/core';
import type { ParseOptions } from '../../src/requests/parse-options.js';
import { call, type Path, parse, paths, plain, sent, verdict } from './call.js';

type Fields = Readonly<Record<string, JsonValue>>;

const formats: readonly Path[] = ['chat', 'responses', 'embeddings', 'messages', 'gemini'];
const withOutput = ['chat', 'responses', 'messages', 'gemini'] as const;

/** A body with an output cap, under each name that the format has for it. */
const capped: Readonly<
  Record<(typeof withOutput)[number], Readonly<Record<string, (cap: JsonValue) => Fields>>>
> = {
  chat: {
    max_completion_tokens: (cap) => ({ max_completion_tokens: cap }),
    max_tokens: (cap) => ({ max_tokens: cap }),
  },
  responses: { max_output_tokens: (cap) => ({ max_output_tokens: cap }) },
  messages: {
    max_tokens: (cap) => ({ max_tokens: cap }),
    'thinking.budget_tokens': (cap) => ({ thinking: { type: 'enabled', budget_tokens: cap } }),
  },
  gemini: {
    'generationConfig.maxOutputTokens': (cap) => ({ generationConfig: { maxOutputTokens: cap } }),
  },
};

const badCaps: readonly JsonValue[] = [
  0,
  -1,
  '100',
  1.5,
  true,
  [1],
  { value: 1 },
  2 ** 53,
  Number.POSITIVE_INFINITY,
  Number.NaN,
];

function refusal(path: Path, more: Fields, options?: ParseOptions): string {
  return verdict(() => call(path, more, options));
}

describe('a hostile client cannot make the estimate smaller', () => {
  describe.each(withOutput)('%s: by a cap that is no positive integer', (path) => {
    it.each(Object.keys(capped[path]))('%s', (param) => {
      for (const cap of badCaps) {
        const body = capped[path][param]?.(cap) ?? {};
        expect([cap, refusal(path, body)]).toEqual([cap, `400 invalid_value ${param}`]);
      }
    });
  });

  it('by conflicting caps: the largest counts', () => {
    const caps = { max_tokens: 1, max_completion_tokens: 100_000 };
    expect(call('chat', caps).estimate.outputTokens).toBe(100_000);
    const swapped = { max_tokens: 100_000, max_completion_tokens: 1 };
    expect(call('chat', swapped).estimate.outputTokens).toBe(100_000);
    const both = { generationConfig: { maxOutputTokens: 1, max_output_tokens: 9 } };
    expect(refusal('gemini', both)).toBe('400 invalid_value maxOutputTokens');
    const twice = { generationConfig: { maxOutputTokens: 1 }, generation_config: { maxOutputTokens: 9 } };
    expect(refusal('gemini', twice)).toBe('400 invalid_value generationConfig');
  });

  it('by a cap beyond all measure: its price is larger than any limit', () => {
    const { estimate } = call('chat', { max_tokens: Number.MAX_SAFE_INTEGER, n: 16 });
    expect(estimate.costNanoUsd).toBe(Number.MAX_SAFE_INTEGER);
    expect(estimate.inputTokens + estimate.outputTokens).toBe(Number.MAX_SAFE_INTEGER);
    expect(estimate.inputNanoUsd + estimate.outputNanoUsd).toBe(estimate.costNanoUsd);
  });

  it('by many answers: n and candidateCount multiply, within a bound', () => {
    expect(call('chat', { max_tokens: 10, n: 5 }).estimate).toMatchObject({ outputTokens: 50, answers: 5 });
    const generationConfig = { maxOutputTokens: 10, candidateCount: 4 };
    expect(call('gemini', { generationConfig }).estimate).toMatchObject({ outputTokens: 40, answers: 4 });
    for (const n of [0, 17, 1.5, '2', true, [2]]) {
      expect(refusal('chat', { n })).toBe('400 invalid_value n');
      expect(refusal('gemini', { generationConfig: { candidateCount: n } })).toBe(
        '400 invalid_value generationConfig.candidateCount',
      );
    }
    expect(refusal('chat', { n: 3 }, { maxAnswers: 2 })).toBe('400 invalid_value n');
    expect(refusal('chat', { best_of: 20 })).toBe('400 unsupported_parameter best_of');
  });

  it('by a thinking budget above the cap', () => {
    const thinking = { type: 'enabled', budget_tokens: 30_000 };
    const parsed = call('messages', { max_tokens: 10, thinking });
    expect(parsed.estimate.outputTokens).toBe(30_000);
    expect(parsed.estimateOf({ maxOutputTokens: 1 }).outputTokens).toBe(30_000);
    const generationConfig = { maxOutputTokens: 10, thinkingConfig: { thinkingBudget: 9_000 } };
    expect(call('gemini', { generationConfig }).estimate.outputTokens).toBe(9_000);
    const dynamic = { maxOutputTokens: 10, thinkingConfig: { thinkingBudget: -1 } };
    expect(call('gemini', { generationConfig: dynamic }).estimate.outputTokens).toBe(10);
  });

  it('by reasoning effort: reasoning is within the cap, and a dearer mode is refused', () => {
    expect(call('chat', { max_completion_tokens: 10, reasoning_effort: 'high' }).estimate.outputTokens).toBe(
      10,
    );
    expect(refusal('responses', { reasoning: { effort: 'high' } })).toBe('passed');
    expect(refusal('responses', { reasoning: { mode: 'pro' } })).toBe(
      '400 unsupported_parameter reasoning.mode',
    );
  });

  it('by a prediction that is rejected and charged beside the cap', () => {
    const prediction = { type: 'content', content: 'y'.repeat(500) };
    expect(call('chat', { max_tokens: 10, prediction }).estimate.outputTokens).toBeGreaterThanOrEqual(510);
  });

  it('by a dearer service tier', () => {
    const plainCost = call('chat', { model: 'gpt-5' }).estimate.outputNanoUsd;
    expect(call('chat', { model: 'gpt-5', service_tier: 'priority' }).estimate.outputNanoUsd).toBe(
      2 * plainCost,
    );
    expect(call('chat', { model: 'gpt-5', service_tier: 'flex' }).estimate.outputNanoUsd).toBe(plainCost);
    for (const tier of ['turbo', 'PRIORITY!', '']) {
      expect(refusal('chat', { service_tier: tier })).toBe('400 unsupported_parameter service_tier');
      expect(refusal('responses', { service_tier: tier })).toBe('400 unsupported_parameter service_tier');
      expect(refusal('messages', { service_tier: tier })).toBe('400 unsupported_parameter service_tier');
      expect(refusal('gemini', { serviceTier: tier })).toBe('400 unsupported_parameter serviceTier');
    }
    expect(refusal('gemini', { service_tier: 'priority' })).toBe('400 unsupported_parameter serviceTier');
    expect(refusal('chat', { service_tier: ['priority'] })).toBe('400 invalid_value service_tier');
    expect(refusal('chat', { model: 'gpt-4-turbo', service_tier: 'priority' })).toBe(
      '400 unsupported_parameter service_tier',
    );
  });

  it("by the tier that the provider's project has set", () => {
    const plainCost = call('chat', { model: 'gpt-5' }).estimate.outputNanoUsd;
    const options: ParseOptions = { serviceTier: 'priority' };
    expect(call('chat', { model: 'gpt-5' }, options).estimate.outputNanoUsd).toBe(2 * plainCost);
    expect(call('chat', { model: 'gpt-5', service_tier: 'auto' }, options).estimate.outputNanoUsd).toBe(
      2 * plainCost,
    );
    expect(call('chat', { model: 'gpt-5', service_tier: 'default' }, options).estimate.outputNanoUsd).toBe(
      plainCost,
    );
  });

  it('by fast mode, or inference in one region', () => {
    const opus = { model: 'claude-opus-4-6', max_tokens: 1_000_000 };
    expect(call('messages', opus).estimate.outputNanoUsd).toBe(25_000_000_000);
    expect(call('messages', { ...opus, speed: 'fast' }).estimate.outputNanoUsd).toBe(150_000_000_000);
    expect(refusal('messages', { speed: 'fast' })).toBe('400 unsupported_parameter speed');
    expect(call('messages', { ...opus, inference_geo: 'us' }).estimate.outputNanoUsd).toBe(27_500_000_000);
    expect(refusal('messages', { inference_geo: 'mars' })).toBe('400 unsupported_parameter inference_geo');
  });

  it('by writing to the prompt cache', () => {
    const text = { type: 'text', text: 'x'.repeat(10_000) };
    const cost = (more: Fields) => {
      const content = [{ ...text, ...more }];
      return call('messages', { messages: [{ role: 'user', content }] }).estimate;
    };
    const fresh = cost({});
    const short = cost({ cache_control: { type: 'ephemeral' } });
    const hour = cost({ cache_control: { type: 'ephemeral', ttl: '1h' } });
    expect(fresh.inputNanoUsd / fresh.inputTokens).toBe(1_000);
    expect(short.inputNanoUsd / short.inputTokens).toBe(1_250);
    expect(hour.inputNanoUsd / hour.inputTokens).toBe(2_000);
    const mentioned = cost({ text: `"cache_control":${'x'.repeat(10_000)}` });
    expect(mentioned.inputNanoUsd / mentioned.inputTokens).toBe(1_000);
  });

  it('by an input that reaches a long-context band: the whole call costs more', () => {
    const long = 'x'.repeat(200_100);
    const cost = (content: string) =>
      call('messages', {
        model: 'claude-sonnet-4-5',
        max_tokens: 1_000,
        messages: [{ role: 'user', content }],
      }).estimate;
    expect(cost('hi').outputNanoUsd).toBe(15_000_000);
    expect(cost(long).outputNanoUsd).toBe(22_500_000);
    expect(cost(long).inputNanoUsd).toBe(cost(long).inputTokens * 6_000);
  });

  describe('by server-side tools whose uses have no bound or no price', () => {
    it.each<readonly [Path, Fields, string]>([
      ['chat', { web_search_options: {} }, 'web_search_options'],
      ['chat', { tools: [{ type: 'mcp' }] }, 'tools[0]'],
      ['responses', { tools: [{ type: 'web_search' }] }, 'tools[0]'],
      ['responses', { tools: [{ type: 'web_search_preview_2025_03_11' }] }, 'tools[0]'],
      ['responses', { tools: [{ type: 'file_search', vector_store_ids: ['v'] }] }, 'tools[0]'],
      ['responses', { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }, 'tools[0]'],
      ['responses', { tools: [{ type: 'image_generation' }], max_tool_calls: 1 }, 'tools[0]'],
      [
        'responses',
        { tools: [{ type: 'mcp', server_url: 'https://x.example' }], max_tool_calls: 1 },
        'tools[0]',
      ],
      ['responses', { tools: [{ type: 'shell' }] }, 'tools[0]'],
      ['responses', { tools: [{ type: 'tool_search' }] }, 'tools[0]'],
      ['responses', { tools: [{ type: 'programmatic_tool_calling' }] }, 'tools[0]'],
      ['messages', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0]'],
      ['messages', { tools: [{ type: 'web_fetch_20260309', name: 'web_fetch' }] }, 'tools[0]'],
      ['messages', { tools: [{ type: 'code_execution_20260521', name: 'code_execution' }] }, 'tools[0]'],
      [
        'messages',
        { tools: [{ type: 'advisor_20260301', name: 'advisor', model: 'claude-opus-5' }] },
        'tools[0]',
      ],
      ['messages', { tools: [{ type: 'mcp_toolset', mcp_server_name: 'x' }] }, 'tools[0]'],
      ['messages', { mcp_servers: [{ type: 'url', url: 'https://x.example' }] }, 'mcp_servers'],
      ['gemini', { tools: [{ googleSearch: {} }] }, 'tools[0].googleSearch'],
      ['gemini', { tools: [{ google_search: {} }] }, 'tools[0].google_search'],
      ['gemini', { tools: [{ codeExecution: {} }] }, 'tools[0].codeExecution'],
      ['gemini', { tools: [{ urlContext: {} }] }, 'tools[0].urlContext'],
      ['gemini', { tools: [{ googleMaps: {} }] }, 'tools[0].googleMaps'],
      ['gemini', { tools: [{ fileSearch: {} }] }, 'tools[0].fileSearch'],
    ])('%s %j', (path, body, param) => {
      expect(refusal(path, body)).toBe(`400 unsupported_parameter ${param}`);
    });
  });

  it('by server-side tools that are allowed: each use is priced, and reads everything again', () => {
    const none = call('messages', { max_tokens: 100 }).estimate;
    const tools = [{ type: 'web_search_20250305', name: 'web_search', max_uses: 2 }];
    const bounded = call('messages', { max_tokens: 100, tools }).estimate;
    expect(bounded.inputTokens).toBeGreaterThanOrEqual(3 * none.inputTokens + 2 * 200_000);
    expect(bounded.inputNanoUsd).toBe(bounded.inputTokens * 1_000 + 2 * 10_000_000);
    const declared: ParseOptions = { tools: { web_search: { maxUses: 2, inputTokensPerUse: 1_000 } } };
    const tight = call('messages', { max_tokens: 100, tools }, declared).estimate;
    const first = call('messages', { max_tokens: 100, tools }, declared).facts.addedTokens;
    expect(tight.inputTokens).toBeLessThan(bounded.inputTokens);
    expect(tight.inputTokens).toBeGreaterThanOrEqual(3 * first + 3 * 1_000 + 2 * 100);
    const more = [{ ...tools[0], max_uses: 3 }];
    expect(refusal('messages', { tools: more }, declared)).toBe('400 invalid_value tools[0].max_uses');
    expect(refusal('messages', { tools: [{ ...tools[0], max_uses: 0 }] })).toBe(
      '400 invalid_value tools[0].max_uses',
    );
  });

  it('by leaving the uses of an allowed tool open: the bound is written into the request', () => {
    const tools = [
      { name: 'mine', input_schema: {} },
      { type: 'web_search_20250305', name: 'web_search' },
    ];
    const options: ParseOptions = { tools: { web_search: { maxUses: 3 } } };
    expect(sent(call('messages', { tools }, options)).tools).toEqual([
      tools[0],
      { ...tools[1], max_uses: 3 },
    ]);
    expect(tools[1]).not.toHaveProperty('max_uses');
    const openai = call('responses', { tools: [{ type: 'web_search' }] }, options);
    expect(sent(openai).max_tool_calls).toBe(3);
  });

  describe('by input that is not in the body', () => {
    const user = (part: Fields): Fields => ({ messages: [{ role: 'user', content: [part] }] });
    const input = (part: Fields): Fields => ({ input: [{ role: 'user', content: [part] }] });
    const parts = (part: Fields): Fields => ({ contents: [{ role: 'user', parts: [part] }] });
    const content = 'messages[0].content[0]';
    it.each<readonly [Path, Fields, string]>([
      [
        'chat',
        user({ type: 'image_url', image_url: { url: 'https://x.example/a.png' } }),
        `${content}.image_url.url`,
      ],
      ['chat', user({ type: 'image_url', image_url: 'http://x.example/a.png' }), `${content}.image_url`],
      ['chat', user({ type: 'file', file: { file_id: 'file-1' } }), `${content}.file.file_id`],
      ['chat', { messages: [{ role: 'assistant', audio: { id: 'audio-1' } }] }, 'messages[0].audio'],
      [
        'responses',
        input({ type: 'input_image', image_url: 'https://x.example/a.png' }),
        'input[0].content[0].image_url',
      ],
      ['responses', input({ type: 'input_image', file_id: 'file-1' }), 'input[0].content[0].file_id'],
      ['responses', input({ type: 'input_file', file_id: 'file-1' }), 'input[0].content[0].file_id'],
      [
        'responses',
        input({ type: 'input_file', file_url: 'https://x.example' }),
        'input[0].content[0].file_url',
      ],
      ['responses', { input: [{ type: 'item_reference', id: 'x' }] }, 'input[0]'],
      ['responses', { input: [{ id: 'x' }] }, 'input[0]'],
      ['responses', { input: [{ type: 'compaction', encrypted_content: 'x' }] }, 'input[0]'],
      ['responses', { previous_response_id: 'resp_1' }, 'previous_response_id'],
      ['responses', { conversation: 'conv_1' }, 'conversation'],
      ['responses', { prompt: { id: 'pmpt_1' } }, 'prompt'],
      [
        'messages',
        user({ type: 'image', source: { type: 'url', url: 'https://x.example' } }),
        `${content}.source.url`,
      ],
      [
        'messages',
        user({ type: 'image', source: { type: 'file', file_id: 'f' } }),
        `${content}.source.file_id`,
      ],
      [
        'messages',
        user({ type: 'document', source: { type: 'url', url: 'https://x.example' } }),
        `${content}.source.url`,
      ],
      ['messages', user({ type: 'container_upload', file_id: 'f' }), `${content}.file_id`],
      [
        'messages',
        user({
          type: 'tool_result',
          tool_use_id: 't',
          content: [{ type: 'image', source: { type: 'url', url: 'https://x.example' } }],
        }),
        `${content}.content[0].source.url`,
      ],
      ['messages', { container: 'c' }, 'container'],
      ['messages', { thread: { id: 't' } }, 'thread'],
      ['gemini', parts({ fileData: { fileUri: 'gs://x' } }), 'contents[0].parts[0].fileData'],
      ['gemini', parts({ file_data: { file_uri: 'https://youtu.be/x' } }), 'contents[0].parts[0].fileData'],
      ['gemini', { cachedContent: 'cachedContents/1' }, 'cachedContent'],
      ['gemini', { cached_content: 'cachedContents/1' }, 'cachedContent'],
    ])('%s %j', (path, body, param) => {
      expect(refusal(path, body)).toBe(`400 unsupported_parameter ${param}`);
    });

    it('passes with a worst case that the app gives, and is estimated with it', () => {
      const worstCase = {
        imageUrl: 900,
        file: 5_000,
        conversation: 20_000,
        storedPrompt: 300,
        cachedContent: 700,
      };
      const tokens = (path: Path, body: Fields) =>
        call(path, body, { worstCase }).estimate.inputTokens - call(path).estimate.inputTokens;
      const image = { type: 'image_url', image_url: { url: 'https://x.example/a.png' } };
      expect(
        tokens('chat', { messages: [{ role: 'user', content: [image, image] }] }),
      ).toBeGreaterThanOrEqual(1_800);
      expect(tokens('responses', { previous_response_id: 'resp_1' })).toBeGreaterThanOrEqual(20_000);
      expect(tokens('responses', { prompt: { id: 'pmpt_1' } })).toBeGreaterThanOrEqual(300);
      expect(tokens('gemini', { cachedContent: 'c' })).toBeGreaterThanOrEqual(700);
    });
  });

  it('by images, sounds and documents in the body: their worst case counts, not their bytes', () => {
    const url = `data:image/png;base64,${'A'.repeat(100)}`;
    const image = { type: 'image_url', image_url: { url, detail: 'high' } };
    const images = call('chat', { messages: [{ role: 'user', content: [image, image, image] }] });
    expect(images.estimate.inputTokens).toBeGreaterThanOrEqual(150_000);
    const big = {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: 'A'.repeat(900_000) },
    };
    const one = call('messages', { messages: [{ role: 'user', content: [big] }] }).estimate;
    expect(one.inputTokens).toBeGreaterThanOrEqual(5_000);
    expect(one.inputTokens).toBeLessThan(6_000);
    const pdf = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' } };
    const document = call('messages', { messages: [{ role: 'user', content: [pdf] }] }).estimate;
    expect(document.inputTokens).toBeGreaterThanOrEqual(200_000);
    const sound = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } };
    const audio = { model: 'gpt-audio', messages: [{ role: 'user', content: [sound] }] };
    expect(call('chat', audio).estimate.inputNanoUsd).toBeGreaterThanOrEqual(127_000 * 32_000);
    expect(refusal('chat', { ...audio, model: 'gpt-5-mini' })).toBe('400 model_not_priced model');
    expect(refusal('chat', { modalities: ['text', 'audio'], audio: { voice: 'ash', format: 'wav' } })).toBe(
      '400 model_not_priced model',
    );
    const spoken = call('chat', { model: 'gpt-audio', max_tokens: 1_000, modalities: ['audio'] });
    expect(spoken.estimate.outputNanoUsd).toBe(64_000_000);
  });

  it('by a document in the place of an image', () => {
    const image = { type: 'image_url', image_url: { url: 'data:application/pdf;base64,AAAA' } };
    const { estimate } = call('chat', { messages: [{ role: 'user', content: [image] }] });
    expect(estimate.inputTokens).toBeGreaterThanOrEqual(400_000);
  });

  it('by text in the place of base64: it is text, and counted as such', () => {
    const image = { type: 'image_url', image_url: { url: `data:text/plain,${'x'.repeat(9_000)}` } };
    expect(refusal('chat', { messages: [{ role: 'user', content: [image] }] })).toBe(
      '400 unsupported_parameter messages[0].content[0].image_url.url',
    );
  });

  it('by media sent to a provider that may read it as text: its bytes count as well', () => {
    const source = { type: 'base64', media_type: 'image/png', data: 'A'.repeat(90_000) };
    const body = { model: 'tiny', messages: [{ role: 'user', content: [{ type: 'image', source }] }] };
    const options: ParseOptions = { prices: { tiny: { inputUsdPerMillion: '1' } } };
    const parsed = parse('https://api.mistral.ai/v1/messages', body, options);
    expect(parsed.estimate.inputTokens).toBeGreaterThanOrEqual(90_000 + 50_000);
  });

  it('by content of a kind that is not known', () => {
    const odd = [{ type: 'hologram', data: 'x' }];
    const messages = [{ role: 'user', content: odd }];
    expect(refusal('chat', { messages })).toBe('400 unsupported_parameter messages[0].content[0].type');
    expect(refusal('messages', { messages })).toBe('400 unsupported_parameter messages[0].content[0].type');
    expect(refusal('messages', { system: odd })).toBe('400 unsupported_parameter system[0].type');
    expect(refusal('responses', { input: odd })).toBe('400 unsupported_parameter input[0].type');
    expect(refusal('gemini', { contents: [{ parts: [{ hologram: 'x' }] }] })).toBe(
      '400 unsupported_parameter contents[0].parts[0].hologram',
    );
  });

  it('by work in the background, or calls that the provider makes of its own', () => {
    expect(refusal('responses', { background: true })).toBe('400 unsupported_parameter background');
    expect(refusal('responses', { background: false })).toBe('passed');
    expect(refusal('responses', { background: 'yes' })).toBe('400 invalid_value background');
    expect(refusal('responses', { context_management: [{ type: 'compaction' }] })).toBe(
      '400 unsupported_parameter context_management',
    );
    expect(refusal('messages', { compaction: { type: 'summarize' } })).toBe(
      '400 unsupported_parameter compaction',
    );
    const edits = (type: string) => ({ context_management: { edits: [{ type }] } });
    expect(refusal('messages', edits('clear_tool_uses_20250919'))).toBe('passed');
    expect(refusal('messages', edits('compact_20260112'))).toBe(
      '400 unsupported_parameter context_management.edits[0]',
    );
    expect(refusal('gemini', { generationConfig: { routingConfig: { autoMode: {} } } })).toBe(
      '400 unsupported_parameter generationConfig.routingConfig',
    );
  });

  it('by long tool schemas, response formats and names: they are input', () => {
    const long = 'x'.repeat(5_000);
    const base = call('chat').estimate.inputTokens;
    const bodies: Fields[] = [
      { tools: [{ type: 'function', function: { name: 'f', description: long } }] },
      { response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { description: long } } } },
      { messages: [{ role: 'user', name: long, content: 'hi' }] },
      { functions: [{ name: 'f', description: long }] },
      { messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: long } }] }] },
    ];
    for (const body of bodies)
      expect(call('chat', body).estimate.inputTokens).toBeGreaterThanOrEqual(base + 4_900);
  });

  it('by text that tokenises badly: its UTF-8 bytes are the bound', () => {
    for (const text of ['龘'.repeat(1_000), '👩‍👩‍👧‍👦'.repeat(100), '\u0000'.repeat(500), 'é́̂'.repeat(300)]) {
      const { estimate } = call('chat', { messages: [{ role: 'user', content: text }] });
      expect(estimate.inputTokens).toBeGreaterThan(Buffer.byteLength(text));
    }
  });

  it('by embeddings of arrays or token ids', () => {
    for (const input of [Array(1_000).fill('a'), Array(1_000).fill(7), [Array(1_000).fill(7)]]) {
      expect(call('embeddings', { input }).estimate.inputTokens).toBeGreaterThanOrEqual(2_000);
    }
    expect(refusal('embeddings', { input: { text: 'x' } })).toBe('400 invalid_value input');
    expect(refusal('embeddings', { input: null })).toBe('400 invalid_value input');
  });

  it('by a model that is not the plain name of one', () => {
    const names: JsonValue[] = [
      ['gpt-5'],
      { id: 'gpt-5' },
      5,
      true,
      null,
      '',
      ' gpt-5',
      'gpt-5 ',
      'gpt-5\n',
      'gpt-5\u0000',
      'gpt‑5',
      'ｇpt-5',
      'gрt-5',
      'gpt-5\u200b',
      'GPT-5',
      'x'.repeat(257),
    ];
    for (const model of names) {
      for (const path of ['chat', 'responses', 'embeddings', 'messages'] as const) {
        expect([model, refusal(path, { model })]).toEqual([model, '400 invalid_value model']);
      }
    }
    expect(verdict(() => parse(paths.gemini.replace('flash', 'Flash'), plain.gemini))).toBe(
      '400 invalid_value model',
    );
    expect(verdict(() => parse('/v1beta/models/%20:generateContent', plain.gemini))).toBe(
      '400 invalid_value model',
    );
  });

  it('by a model in the query, or in both path and body', () => {
    for (const path of formats) {
      for (const name of ['model', 'Model', 'mo%64el']) {
        const url = `${paths[path]}?a=1&${name}=gpt-5-pro`;
        expect(verdict(() => parse(url, plain[path]))).toBe('400 invalid_value model');
      }
    }
    expect(refusal('gemini', { model: 'gemini-2.5-pro' })).toBe('400 invalid_value model');
    expect(refusal('gemini', { model: 'models/gemini-2.5-flash' })).toBe('passed');
  });

  it('by an Azure deployment that is not known, or a model in the body beside it', () => {
    const url = '/openai/deployments/mine/chat/completions?api-version=1';
    const body = { ...plain.chat, model: 'gpt-5-nano' };
    expect(verdict(() => parse(url, body))).toBe('400 model_not_priced model');
    const call = parse(url, body, { models: { mine: 'gpt-5-pro' } });
    expect(call.price.model).toBe('gpt-5-pro');
  });

  describe('by fields that smuggle a route or credentials', () => {
    const names = [
      'api_base',
      'base_url',
      'api_key',
      'fallbacks',
      'model_list',
      'extra_headers',
      'extra_body',
      'baseURL',
      'apiKey',
      'litellm_params',
    ];
    it.each(formats)('%s, whatever is allowed', (path) => {
      const options: ParseOptions = { unknownFields: 'allow', allowFields: names };
      for (const name of names) {
        expect(refusal(path, { [name]: 'x' })).toBe(`400 unsupported_parameter ${name}`);
        expect(refusal(path, { [name]: 'x' }, options)).toBe(`400 unsupported_parameter ${name}`);
      }
    });

    it('nested in metadata, messages or tools', () => {
      for (const name of names) {
        expect(refusal('chat', { metadata: { [name]: 'x' } })).toBe(
          `400 unsupported_parameter metadata.${name}`,
        );
        expect(refusal('messages', { metadata: { deep: { [name]: 'x' } } })).toBe(
          `400 unsupported_parameter metadata.deep.${name}`,
        );
        const tools = [{ type: 'function', function: { name: 'f', [name]: 'x' } }];
        expect(refusal('chat', { tools })).toBe(`400 unsupported_parameter tools[0].function.${name}`);
      }
    });

    it('but not where the names are the model’s or the app’s own', () => {
      const properties = { api_key: { type: 'string' }, base_url: { type: 'string' } };
      const schema = { type: 'object', properties };
      expect(
        refusal('chat', { tools: [{ type: 'function', function: { name: 'f', parameters: schema } }] }),
      ).toBe('passed');
      expect(refusal('messages', { tools: [{ name: 'f', input_schema: schema }] })).toBe('passed');
      const content = 'set "api_key": "x", then {"base_url":1}';
      expect(refusal('chat', { messages: [{ role: 'user', content }] })).toBe('passed');
    });
  });

  it('by keys that change the object instead of a field', () => {
    for (const path of formats) {
      const body = (json: string): JsonValue =>
        JSON.parse(`${JSON.stringify(plain[path]).slice(0, -1)},${json}}`) as JsonValue;
      const refused = (json: string) =>
        verdict(() => parse(paths[path], body(json), { unknownFields: 'allow' }));
      expect(refused('"__proto__":{"max_tokens":1}')).toBe('400 unsupported_parameter __proto__');
      expect(refused('"metadata":{"__proto__":{"a":1}}')).toBe(
        '400 unsupported_parameter metadata.__proto__',
      );
    }
    expect(refusal('chat', { constructor: { prototype: 1 } })).toBe('400 unsupported_parameter constructor');
  });

  it('by a field that is not known: it may cost something', () => {
    for (const path of formats) {
      expect(refusal(path, { turbo_mode: true })).toBe('400 unsupported_parameter turbo_mode');
      expect(refusal(path, { turbo_mode: true }, { allowFields: ['turbo_mode'] })).toBe('passed');
      expect(refusal(path, { turbo_mode: true }, { unknownFields: 'allow' })).toBe('passed');
    }
    expect(refusal('gemini', { generationConfig: { turboMode: 1 } })).toBe(
      '400 unsupported_parameter generationConfig.turboMode',
    );
  });

  it('by messages that are no messages', () => {
    for (const messages of [null, 'hi', {}, 5]) {
      expect(refusal('chat', { messages })).toBe('400 invalid_value messages');
      expect(refusal('messages', { messages })).toBe('400 invalid_value messages');
    }
    expect(refusal('chat', { messages: ['hi'] })).toBe('400 invalid_value messages[0]');
    expect(refusal('chat', { messages: [{ role: 'user', content: { a: 1 } }] })).toBe(
      '400 invalid_value messages[0].content',
    );
    expect(refusal('chat', { stream: 'true' })).toBe('400 invalid_value stream');
    expect(refusal('chat', { stream: true, stream_options: [] })).toBe('400 invalid_value stream_options');
  });
});
