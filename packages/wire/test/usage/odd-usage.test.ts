import { describe, expect, it } from '@jest/globals';
import {
  anthropicMessagesBody,
  anthropicMessagesStream,
  geminiArrayStream,
  geminiBody,
  openAiChatBody,
  openAiChatStream,
  openAiResponsesBody,
  openAiResponsesStream,
} from '@tollgate/simulator';
import { formatOf } from '../../src/formats.js';
import { ResponseReader } from '../../src/stream/response-reader.js';

type Api = Parameters<typeof formatOf>[0];

function readStream(api: Api, text: string) {
  const reader = new ResponseReader({ format: formatOf(api), stream: true });
  reader.begin(200, 'text/event-stream');
  const forwarded = Buffer.concat([reader.push(Buffer.from(text)), reader.end()]).toString();
  return { ...reader.answer, forwarded, seenBytes: reader.answer.seenBytes };
}

function readBody(api: Api, text: string) {
  const reader = new ResponseReader({ format: formatOf(api), stream: false });
  reader.begin(200, 'application/json');
  for (const byte of Buffer.from(text)) reader.push(Buffer.from([byte]));
  reader.end();
  return reader.answer;
}

describe('usage of an answer in one piece', () => {
  it.each([
    [
      'openai-chat',
      openAiChatBody({ usage: { inputTokens: 9, cachedInputTokens: 4 }, serviceTier: 'flex' }),
      'flex',
    ],
    [
      'openai-responses',
      openAiResponsesBody({ usage: { inputTokens: 9, cachedInputTokens: 4 }, serviceTier: 'priority' }),
      'priority',
    ],
    [
      'anthropic-messages',
      anthropicMessagesBody({ usage: { inputTokens: 9, cachedInputTokens: 4 }, serviceTier: 'priority' }),
      'priority',
    ],
    ['gemini-generate', geminiBody({ usage: { inputTokens: 9, cachedInputTokens: 4 } }), undefined],
  ] as const)('is read for %s, with its service tier', (api, body, tier) => {
    const answer = readBody(api, body);
    expect(answer.usage).toMatchObject({ inputTokens: 9, cachedInputTokens: 4, outputTokens: 24 });
    expect(answer.usage?.tier ?? answer.tier).toBe(tier);
    expect(answer).toMatchObject({ finished: true, failed: false, unreadable: false });
  });

  it('is read for embeddings, whose total is their input', () => {
    const answer = readBody(
      'openai-embeddings',
      '{"data":[{"embedding":[0.1]}],"usage":{"prompt_tokens":5,"total_tokens":5}}',
    );
    expect(answer.usage).toMatchObject({ inputTokens: 5, outputTokens: 0, suspicious: false });
  });

  it('adds what Anthropic read from and wrote to its cache, and tells the lives apart', () => {
    const usage = {
      inputTokens: 100,
      cachedInputTokens: 20,
      cacheWriteTokens: 30,
      cacheWriteOneHourTokens: 10,
      webSearches: 2,
    };
    expect(readBody('anthropic-messages', anthropicMessagesBody({ usage })).usage).toMatchObject({
      inputTokens: 100,
      cachedInputTokens: 20,
      cacheWriteTokens: 40,
      cacheWrite1hTokens: 10,
      toolRequests: { web_search: 2 },
    });
  });

  it('adds thoughts and the prompts of tools for Gemini', () => {
    const said = {
      promptTokenCount: 10,
      toolUsePromptTokenCount: 5,
      candidatesTokenCount: 7,
      thoughtsTokenCount: 3,
    };
    expect(formatOf('gemini-generate').usage({ ...said, totalTokenCount: 25 })).toMatchObject({
      inputTokens: 15,
      outputTokens: 10,
      reasoningTokens: 3,
      suspicious: false,
    });
  });

  it('bills rejected predictions, which are in the completion', () => {
    const body = openAiChatBody({ tokens: 20, usage: { rejectedPredictionTokens: 6 } });
    const { usage } = JSON.parse(body);
    expect(readBody('openai-chat', body).usage?.outputTokens).toBe(usage.completion_tokens);
  });

  it('takes the total where a compatible provider leaves reasoning out of the completion', () => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 45 };
    expect(formatOf('openai-chat').usage(usage)?.outputTokens).toBe(35);
  });

  it('counts the provider’s own tools in the output of a response', () => {
    const body = {
      output: [{ type: 'web_search_call' }, { type: 'web_search_call' }, { type: 'message' }],
      usage: { input_tokens: 1, output_tokens: 2 },
    };
    expect(readBody('openai-responses', JSON.stringify(body)).usage?.toolRequests).toEqual({ web_search: 2 });
  });

  it('is read out of Gemini’s array stream, the last element last', () => {
    const answer = readBody('gemini-generate', geminiArrayStream({ tokens: 6, usage: { inputTokens: 8 } }));
    expect(answer.usage).toMatchObject({ inputTokens: 8, outputTokens: 6 });
    expect(answer.finished).toBe(true);
  });

  it('is not invented for a body that is no JSON', () => {
    const answer = readBody('openai-chat', 'upstream says hello');
    expect(answer).toMatchObject({ usage: undefined, unreadable: true });
    expect(answer.seenBytes).toBe('upstream says hello'.length);
  });
});

describe('strange usage', () => {
  const builders = [
    ['openai-chat', openAiChatBody],
    ['openai-responses', openAiResponsesBody],
    ['anthropic-messages', anthropicMessagesBody],
    ['gemini-generate', geminiBody],
  ] as const;

  it.each(builders)('of zero is zero (%s)', (api, build) => {
    expect(readBody(api, build({ wrongUsage: 'zero' })).usage).toMatchObject({
      inputTokens: 0,
      outputTokens: 0,
      suspicious: false,
    });
  });
  it.each(builders)('that is absent or null is not there (%s)', (api, build) => {
    expect(readBody(api, build({ wrongUsage: 'absent' })).usage).toBeUndefined();
    expect(readBody(api, build({ wrongUsage: 'null' })).usage).toBeUndefined();
  });
  it.each(builders)('that is negative counts as not said, and is flagged (%s)', (api, build) => {
    expect(readBody(api, build({ wrongUsage: 'negative' })).usage).toMatchObject({
      inputTokens: undefined,
      outputTokens: undefined,
      suspicious: true,
    });
  });
  it.each(builders)('in strings is read, and flagged (%s)', (api, build) => {
    expect(readBody(api, build({ wrongUsage: 'string', usage: { inputTokens: 9 } })).usage).toMatchObject({
      inputTokens: 9,
      outputTokens: 24,
      suspicious: true,
    });
  });
  it.each(builders)('beyond belief stops at a bound, and is flagged (%s)', (api, build) => {
    const usage = readBody(api, build({ wrongUsage: 'absurd' })).usage;
    expect(usage?.suspicious).toBe(true);
    expect(usage?.outputTokens).toBeLessThanOrEqual(2_000_000_000);
  });
  it('with more cached than there was input never makes input cheaper than all cached', () => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 900 } };
    expect(formatOf('openai-chat').usage(usage)).toMatchObject({
      inputTokens: 10,
      cachedInputTokens: 10,
      suspicious: true,
    });
  });
});

describe('streams', () => {
  it('that report usage twice are counted once', () => {
    for (const [api, build] of [
      ['openai-chat', openAiChatStream],
      ['openai-responses', openAiResponsesStream],
      ['anthropic-messages', anthropicMessagesStream],
    ] as const) {
      const once = readStream(api, build({ usage: { inputTokens: 9 } }));
      const twice = readStream(api, build({ usage: { inputTokens: 9 }, wrongUsage: 'twice' }));
      expect(twice.usage).toEqual(once.usage);
    }
  });

  it('of Anthropic report cumulatively: per field the last value that is not null', () => {
    const answer = readStream(
      'anthropic-messages',
      anthropicMessagesStream({
        tokens: 12,
        usageDeltas: 4,
        usage: { inputTokens: 50, cachedInputTokens: 8 },
      }),
    );
    expect(answer.usage).toMatchObject({ inputTokens: 50, cachedInputTokens: 8, outputTokens: 12 });
  });

  it.each([
    [
      'openai-chat',
      `${openAiChatStream({ done: false }).split('\n\n').slice(0, 5).join('\n\n')}\n\ndata: {"error":{"message":"no","type":"server_error"}}\n\n`,
    ],
    [
      'openai-responses',
      'event: error\ndata: {"type":"error","code":"server_error","message":"no","sequence_number":1}\n\n',
    ],
    [
      'anthropic-messages',
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"no"}}\n\n',
    ],
    ['gemini-generate', 'data: {"error":{"code":503,"message":"no","status":"UNAVAILABLE"}}\n\n'],
  ] as const)('with an error event are no success (%s)', (api, text) => {
    expect(readStream(api, text)).toMatchObject({ failed: true, finished: false });
  });

  it('are measured without padding, and with the arguments of tool calls', () => {
    const plain = readStream('openai-chat', openAiChatStream({ text: 'one two three', obfuscation: false }));
    const padded = readStream('openai-chat', openAiChatStream({ text: 'one two three', obfuscation: true }));
    expect(padded.seenBytes).toBe(plain.seenBytes);
    expect(plain.seenBytes).toBe('one two three'.length);
    const tool = { toolCall: { name: 'weather', arguments: { city: 'Rome' } } };
    expect(readStream('openai-chat', openAiChatStream(tool)).seenBytes).toBeGreaterThanOrEqual(
      'weather{"city":"Rome"}'.length,
    );
    expect(readStream('anthropic-messages', anthropicMessagesStream(tool)).seenBytes).toBeGreaterThanOrEqual(
      '{"city":"Rome"}'.length,
    );
  });

  it('pass a line of 10 MB on unread, keep their other bytes, and know the usage that follows', () => {
    const text = openAiChatStream({ hugeLineBytes: 10_000_000, usage: { inputTokens: 9 } });
    const reader = new ResponseReader({ format: formatOf('openai-chat'), stream: true });
    reader.begin(200, 'text/event-stream');
    const bytes = Buffer.from(text);
    const out: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 65_536)
      out.push(Buffer.from(reader.push(bytes.subarray(at, at + 65_536))));
    out.push(Buffer.from(reader.end()));
    expect(Buffer.concat(out).equals(bytes)).toBe(true);
    expect(reader.answer).toMatchObject({ unreadable: true, finished: true });
    expect(reader.answer.usage?.inputTokens).toBe(9);
  });

  it('that say their usage at the end of such a line are believed, though the rest of it was not read', () => {
    const output = [{ type: 'message', text: 'x'.repeat(6_000_000) }];
    const response = { output, usage: { input_tokens: 3, output_tokens: 4 }, user: null };
    const bytes = Buffer.from(`data: ${JSON.stringify({ type: 'response.completed', response })}\n\n`);
    const reader = new ResponseReader({ format: formatOf('openai-responses'), stream: true });
    reader.begin(200, 'text/event-stream');
    for (let at = 0; at < bytes.length; at += 65_536) reader.push(bytes.subarray(at, at + 65_536));
    reader.end();
    const { answer } = reader;
    expect(answer.usage).toMatchObject({ inputTokens: 3, outputTokens: 4 });
    expect(answer.unreadable).toBe(true);
  });

  it('cannot hide their usage behind a client’s own tool schema or stop sequence', () => {
    const echo = { tools: [{ type: 'function', parameters: { delta: { type: 'string', usage: 1 } } }] };
    const done = {
      type: 'response.completed',
      response: { ...echo, usage: { input_tokens: 3, output_tokens: 4 } },
    };
    expect(readStream('openai-responses', `data: ${JSON.stringify(done)}\n\n`).usage?.outputTokens).toBe(4);
    const stopped = {
      type: 'message_delta',
      delta: { stop_reason: 'stop_sequence', stop_sequence: 'content_block_delta' },
      usage: { output_tokens: 4 },
    };
    expect(readStream('anthropic-messages', `data: ${JSON.stringify(stopped)}\n\n`).usage?.outputTokens).toBe(
      4,
    );
  });

  it('of a provider that sends JSON where a stream was asked for are read as JSON', () => {
    const reader = new ResponseReader({ format: formatOf('openai-chat'), stream: true });
    reader.begin(200, undefined);
    reader.push(Buffer.from(openAiChatBody({ usage: { inputTokens: 9 } })));
    reader.end();
    expect(reader.answer.usage?.inputTokens).toBe(9);
  });
});
