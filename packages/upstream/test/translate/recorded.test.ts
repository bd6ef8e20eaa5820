import { describe, expect, it } from '@jest/globals';
import { answerOf } from './answer-of.js';
import { dataOf, sse, thinking } from './recorded-streams.js';

describe('a recorded answer', () => {
  it("of Anthropic's, with thoughts and two calls, reaches an OpenAI client whole", () => {
    const chunks = dataOf(answerOf('anthropic-messages', 'openai-chat', [thinking]));
    const deltas = chunks.flatMap((chunk) => Reflect.get(chunk, 'choices')).map((choice) => choice.delta);
    expect(deltas.slice(1, -1)).toEqual([
      { reasoning_content: 'Hm.' },
      {
        reasoning_details: [
          { type: 'reasoning.text', text: '', signature: 'c2ln', format: 'anthropic-claude-v1', index: 0 },
        ],
      },
      { content: 'I look.' },
      {
        tool_calls: [
          { index: 0, id: 'toolu_1', type: 'function', function: { name: 'get_weather', arguments: '' } },
        ],
      },
      { tool_calls: [{ index: 0, function: { arguments: '{"town":' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '"Oslo"}' } }] },
      {
        tool_calls: [{ index: 1, id: 'toolu_2', type: 'function', function: { name: 'now', arguments: '' } }],
      },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
    ]);
    expect(chunks.at(-2)).toMatchObject({ choices: [{ finish_reason: 'tool_calls' }] });
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 16,
        completion_tokens: 30,
        total_tokens: 46,
        prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 },
        completion_tokens_details: { reasoning_tokens: 12 },
      },
    });
  });

  it("of Gemini's, with a thought, a signed call and its usage, reaches an Anthropic client as blocks", () => {
    const head = { responseId: 'r-1', modelVersion: 'gemini-3-pro' };
    const stream = sse([
      {
        ...head,
        candidates: [{ content: { parts: [{ text: 'Hm.', thought: true }] } }],
        usageMetadata: { promptTokenCount: 9 },
      },
      {
        ...head,
        candidates: [
          {
            content: {
              parts: [{ functionCall: { name: 'now', args: { zone: 'UTC' } }, thoughtSignature: 'c2ln' }],
            },
          },
        ],
      },
      {
        ...head,
        candidates: [{ content: { parts: [] }, finishReason: 'STOP' }],
        usageMetadata: {
          promptTokenCount: 9,
          cachedContentTokenCount: 3,
          candidatesTokenCount: 5,
          thoughtsTokenCount: 7,
        },
      },
    ]);
    expect(dataOf(answerOf('gemini-generate', 'anthropic-messages', [stream]))).toEqual([
      expect.objectContaining({
        type: 'message_start',
        message: expect.objectContaining({ id: 'r-1', model: 'gemini-3-pro' }),
      }),
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'thinking', thinking: '', signature: '' },
      },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm.' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'gemini:c2ln' } },
      { type: 'content_block_stop', index: 0 },
      {
        type: 'content_block_start',
        index: 1,
        content_block: { type: 'tool_use', id: 'call_r-1_0', name: 'now', input: {} },
      },
      {
        type: 'content_block_delta',
        index: 1,
        delta: { type: 'input_json_delta', partial_json: '{"zone":"UTC"}' },
      },
      { type: 'content_block_stop', index: 1 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'tool_use', stop_sequence: null },
        usage: {
          input_tokens: 6,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 3,
          output_tokens: 12,
          output_tokens_details: { thinking_tokens: 7 },
        },
      },
      { type: 'message_stop' },
    ]);
  });

  it.each([
    [
      'gemini-generate',
      'openai-chat',
      { promptFeedback: { blockReason: 'SAFETY' } },
      { choices: [{ finish_reason: 'content_filter' }] },
    ],
    [
      'gemini-generate',
      'anthropic-messages',
      { candidates: [{ finishReason: 'MAX_TOKENS' }] },
      { stop_reason: 'max_tokens' },
    ],
    [
      'anthropic-messages',
      'openai-chat',
      { content: [], stop_reason: 'refusal' },
      { choices: [{ finish_reason: 'content_filter' }] },
    ],
    [
      'anthropic-messages',
      'openai-chat',
      { content: [], stop_reason: 'stop_sequence' },
      { choices: [{ finish_reason: 'stop' }] },
    ],
    [
      'openai-chat',
      'anthropic-messages',
      { choices: [{ message: { refusal: 'No.' }, finish_reason: 'stop' }] },
      { stop_reason: 'refusal', content: [{ type: 'text', text: 'No.' }] },
    ],
    [
      'openai-chat',
      'anthropic-messages',
      { choices: [{ message: { content: 'x' }, finish_reason: 'length' }] },
      { stop_reason: 'max_tokens' },
    ],
  ] as const)('of %s for %s that ends as %j ends as %j', (from, to, body, expected) => {
    const json = answerOf(from, to, [Buffer.from(JSON.stringify(body))], { contentType: 'application/json' });
    expect(JSON.parse(json)).toMatchObject(expected);
  });

  it.each([
    [
      'anthropic-messages',
      'openai-chat',
      { type: 'error', error: { type: 'invalid_request_error', message: 'Bad.' } },
      { error: { message: 'Bad.', type: 'invalid_request_error', param: null, code: null } },
    ],
    [
      'gemini-generate',
      'anthropic-messages',
      { error: { code: 404, message: 'Gone.', status: 'NOT_FOUND' } },
      { type: 'error', error: { type: 'not_found_error', message: 'Gone.' } },
    ],
    [
      'openai-chat',
      'anthropic-messages',
      {
        error: {
          message: 'Bad.',
          type: 'invalid_request_error',
          param: null,
          code: 'context_length_exceeded',
        },
      },
      {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'Bad.', code: 'context_length_exceeded' },
      },
    ],
  ] as const)('of %s for %s that is an error, %j, stays one', (from, to, body, expected) => {
    const status = from === 'gemini-generate' ? 404 : 400;
    const head = { status, contentType: 'application/json' };
    expect(JSON.parse(answerOf(from, to, [Buffer.from(JSON.stringify(body))], head))).toEqual(expected);
  });

  it('of a model that failed is an error in the stream, after which nothing comes', () => {
    const stream = sse([
      { responseId: 'r', candidates: [{ content: { parts: [{ text: 'Well' }] } }] },
      { responseId: 'r', candidates: [{ finishReason: 'MALFORMED_FUNCTION_CALL' }] },
      { responseId: 'r', candidates: [{ content: { parts: [{ text: 'more' }] } }] },
    ]);
    const data = dataOf(answerOf('gemini-generate', 'openai-chat', [stream]));
    expect(data.at(-1)).toMatchObject({ error: { message: 'The model failed: MALFORMED_FUNCTION_CALL.' } });
  });

  it('that makes no sense is an exception, not an answer', () => {
    const mixed = (index: number) => ({
      id: 'c',
      choices: [
        { delta: { tool_calls: [{ index, id: `c${index}`, function: { name: 'x', arguments: '' } }] } },
      ],
    });
    expect(() =>
      answerOf('openai-chat', 'anthropic-messages', [sse([mixed(0), mixed(1), mixed(0)])]),
    ).toThrow(/mixed/);
    expect(() =>
      answerOf('openai-chat', 'anthropic-messages', [Buffer.from('data: {nonsense}\n\n')]),
    ).toThrow();
    const endless = [Buffer.alloc(5 * 1024 * 1024, 'x')];
    expect(() => answerOf('openai-chat', 'anthropic-messages', endless)).toThrow(/buffer/i);
  });
});

it.each([0, 1, 2, 3])(
  'a stream that begins with a mark of the byte order is read, cut after %i bytes',
  (at) => {
    const bytes = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), thinking]);
    const cut = answerOf('anthropic-messages', 'openai-chat', [bytes.subarray(0, at), bytes.subarray(at)]);
    expect(cut).toBe(answerOf('anthropic-messages', 'openai-chat', [thinking]));
  },
);
