/** Events as a stream holds them. */
export const sse = (events: readonly object[], named = false): Buffer =>
  Buffer.from(
    events
      .map(
        (data) => `${named ? `event: ${Reflect.get(data, 'type')}\n` : ''}data: ${JSON.stringify(data)}\n\n`,
      )
      .join(''),
  );
/** The data of a stream's events. */
export const dataOf = (stream: string): object[] =>
  [...stream.matchAll(/^data: (\{.*)$/gm)].map((match) => JSON.parse(match[1] ?? ''));

/** As Anthropic streams a thought, a text and two calls, one of them without arguments. */
export const thinking = sse(
  [
    {
      type: 'message_start',
      message: {
        id: 'msg_1',
        model: 'claude-sonnet-5',
        role: 'assistant',
        content: [],
        usage: {
          input_tokens: 10,
          cache_read_input_tokens: 4,
          cache_creation_input_tokens: 2,
          output_tokens: 1,
        },
      },
    },
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'thinking', thinking: '', signature: '' },
    },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm.' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'c2ln' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'ping' },
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'I look.' } },
    { type: 'content_block_stop', index: 1 },
    {
      type: 'content_block_start',
      index: 2,
      content_block: { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: {} },
    },
    { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"town":' } },
    { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '"Oslo"}' } },
    { type: 'content_block_stop', index: 2 },
    {
      type: 'content_block_start',
      index: 3,
      content_block: { type: 'tool_use', id: 'toolu_2', name: 'now', input: {} },
    },
    { type: 'content_block_stop', index: 3 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: { input_tokens: null, output_tokens: 30, output_tokens_details: { thinking_tokens: 12 } },
    },
    { type: 'message_stop' },
  ],
  true,
);
