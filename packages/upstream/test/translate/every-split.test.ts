import { describe, expect, it } from '@jest/globals';
import type { WireApi } from '@tollgate/core/internal';
import {
  anthropicMessagesStream,
  geminiStream,
  openAiChatStream,
  openAiResponsesStream,
} from '@tollgate/simulator';
import { answerOf, type ClientApi } from './answer-of.js';

const text = 'Grüße 👩‍🚀 “ja”.';
const usage = { inputTokens: 40, cachedInputTokens: 8, reasoningTokens: 5 };
const toolCall = { name: 'get_weather', arguments: { town: 'Zürich' } };

/** In full, every byte; otherwise some hundreds of places. */
const long = process.env.TOLLGATE_LONG === '1';

type Fixture = Parameters<typeof openAiChatStream>[0];
const directions: readonly (readonly [from: WireApi, to: ClientApi, make: (fixture: Fixture) => string])[] = [
  ['anthropic-messages', 'openai-chat', anthropicMessagesStream],
  ['gemini-generate', 'openai-chat', geminiStream],
  ['openai-chat', 'anthropic-messages', openAiChatStream],
  ['gemini-generate', 'anthropic-messages', geminiStream],
  ['openai-chat', 'gemini-generate', openAiChatStream],
  ['anthropic-messages', 'gemini-generate', anthropicMessagesStream],
  ['openai-chat', 'openai-responses', openAiChatStream],
  ['anthropic-messages', 'openai-responses', anthropicMessagesStream],
  ['gemini-generate', 'openai-responses', geminiStream],
  ['openai-responses', 'openai-chat', openAiResponsesStream],
  ['openai-responses', 'anthropic-messages', openAiResponsesStream],
  ['openai-responses', 'gemini-generate', openAiResponsesStream],
];
const conversations: readonly (readonly [name: string, fixture: Fixture])[] = [
  ['text', { text, usage }],
  ['a call of a tool', { toolCall, usage }],
  [
    'CRLF, comments and data on several lines',
    { text, lineEnd: '\r\n', comments: true, multiLineData: true },
  ],
  ['CR alone', { text, lineEnd: '\r', dataSpace: false }],
];

describe.each(directions)('a recorded stream of %s for a client of %s', (from, to, make) => {
  it.each(conversations)('%s: is the same wherever it is cut in two', (_, fixture) => {
    const bytes = Buffer.from(make(fixture));
    const whole = answerOf(from, to, [bytes]);
    expect(whole).toContain(fixture?.toolCall ? 'Zürich' : '👩');
    const step = long ? 1 : Math.ceil(bytes.length / 900);
    for (let at = 1; at < bytes.length; at += step) {
      const cut = answerOf(from, to, [bytes.subarray(0, at), bytes.subarray(at)]);
      if (cut !== whole) expect({ at, cut }).toEqual({ at, cut: whole });
    }
  });

  it.each(conversations)('%s: is the same byte by byte', (_, fixture) => {
    const bytes = Buffer.from(make(fixture));
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(answerOf(from, to, single)).toBe(answerOf(from, to, [bytes]));
  });

  it('says nothing after it was cut, and no end that did not come', () => {
    const bytes = Buffer.from(make({ text, usage }));
    const half = answerOf(from, to, [bytes.subarray(0, Math.floor(bytes.length / 2))]);
    expect(half).not.toMatch(/\[DONE\]|message_stop|finishReason|response\.completed/);
  });
});
