import { describe, expect, it } from '@jest/globals';
import { answerOf } from './answer-of.js';
import { dataOf, sse, thinking } from './recorded-streams.js';

describe("a recorded answer and OpenAI's responses", () => {
  it("of Anthropic's, with thoughts and two calls, reaches the client as items in their order", () => {
    const events = dataOf(answerOf('anthropic-messages', 'openai-responses', [thinking]));
    expect(events.map((event) => Reflect.get(event, 'sequence_number'))).toEqual(events.map((_, at) => at));
    expect(events.at(-1)).toMatchObject({
      type: 'response.completed',
      response: {
        id: 'resp_msg_1',
        model: 'claude-sonnet-5',
        status: 'completed',
        store: false,
        output: [
          {
            id: 'rs_msg_1_0',
            type: 'reasoning',
            summary: [{ type: 'summary_text', text: 'Hm.' }],
            encrypted_content: 'anthropic:c2ln',
          },
          { id: 'msg_msg_1_1', type: 'message', content: [{ type: 'output_text', text: 'I look.' }] },
          { type: 'function_call', call_id: 'toolu_1', name: 'get_weather', arguments: '{"town":"Oslo"}' },
          { type: 'function_call', call_id: 'toolu_2', name: 'now', arguments: '{}', status: 'completed' },
        ],
        usage: {
          input_tokens: 16,
          input_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 },
          output_tokens: 30,
          output_tokens_details: { reasoning_tokens: 12 },
          total_tokens: 46,
        },
      },
    });
  });

  it('of a model that thought, called and refused, reaches the other clients', () => {
    const place = { output_index: 0, item_id: 'rs_1' };
    const call = { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 'now' };
    const stream = sse(
      [
        { type: 'response.created', response: { id: 'resp_1', model: 'o4-mini', created_at: 1 } },
        { type: 'response.output_item.added', output_index: 0, item: { id: 'rs_1', type: 'reasoning' } },
        { type: 'response.reasoning_summary_part.added', ...place, summary_index: 0 },
        { type: 'response.reasoning_summary_text.delta', ...place, delta: 'Hm.' },
        { type: 'response.reasoning_summary_part.added', ...place, summary_index: 1 },
        { type: 'response.reasoning_summary_text.delta', ...place, delta: 'So.' },
        {
          type: 'response.output_item.done',
          output_index: 0,
          item: { id: 'rs_1', type: 'reasoning', encrypted_content: 'enc' },
        },
        { type: 'response.output_item.added', output_index: 1, item: { ...call, arguments: '' } },
        {
          type: 'response.output_item.done',
          output_index: 1,
          item: { ...call, arguments: '{"zone":"UTC"}' },
        },
        {
          type: 'response.completed',
          response: { status: 'completed', usage: { input_tokens: 9, output_tokens: 7 } },
        },
      ],
      true,
    );
    const blocks = dataOf(answerOf('openai-responses', 'anthropic-messages', [stream]));
    expect(blocks).toContainEqual(
      expect.objectContaining({ delta: { type: 'signature_delta', signature: 'openai:enc' } }),
    );
    expect(blocks).toContainEqual(
      expect.objectContaining({ delta: { type: 'input_json_delta', partial_json: '{"zone":"UTC"}' } }),
    );
    expect(blocks.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 7 } });
    const chunks = dataOf(answerOf('openai-responses', 'openai-chat', [stream]));
    const thoughts = chunks
      .flatMap((chunk) => Reflect.get(chunk, 'choices'))
      .map(({ delta }) => delta.reasoning_content ?? '');
    expect(thoughts.join('')).toBe('Hm.\n\nSo.');
  });

  it.each([
    [
      { status: 'incomplete', incomplete_details: { reason: 'content_filter' } },
      { choices: [{ finish_reason: 'content_filter' }] },
    ],
    [
      { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
      { choices: [{ finish_reason: 'length' }] },
    ],
    [
      { status: 'completed', output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] }] },
      { choices: [{ message: { content: 'No.' }, finish_reason: 'content_filter' }] },
    ],
    [
      { status: 'completed', output: [{ type: 'function_call', call_id: 'c', name: 'x', arguments: '' }] },
      { choices: [{ message: { tool_calls: [{ id: 'c', function: { arguments: '{}' } }] } }] },
    ],
  ])('in one piece that ends as %j ends as %j', (body, expected) => {
    const head = { contentType: 'application/json' };
    const json = answerOf('openai-responses', 'openai-chat', [Buffer.from(JSON.stringify(body))], head);
    expect(JSON.parse(json)).toMatchObject(expected);
  });

  it('that failed is an error in a stream, and no answer in one piece', () => {
    const response = { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'Too much.' } };
    const failed = sse([{ type: 'response.failed', response }]);
    expect(dataOf(answerOf('openai-responses', 'openai-chat', [failed]))).toMatchObject([
      { error: { message: 'Too much.', type: 'rate_limit_error', code: 'rate_limit_exceeded' } },
    ]);
    const head = { contentType: 'application/json' };
    expect(() =>
      answerOf('openai-responses', 'openai-chat', [Buffer.from(JSON.stringify(response))], head),
    ).toThrow('Too much.');
  });

  it('whose items come mixed with each other makes no sense', () => {
    const added = (output_index: number) => ({
      type: 'response.output_item.added',
      output_index,
      item: { type: 'message' },
    });
    const delta = { type: 'response.output_text.delta', output_index: 0, delta: 'x' };
    expect(() => answerOf('openai-responses', 'openai-chat', [sse([added(0), added(1), delta])])).toThrow(
      /mixed/,
    );
  });
});
