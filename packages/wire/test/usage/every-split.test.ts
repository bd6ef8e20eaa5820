import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { WireApi } from '@tollgate/core/internal';
import {
  anthropicMessagesStream,
  azureOpenAiStream,
  geminiStream,
  openAiChatStream,
  openAiResponsesStream,
  type WireFixture,
} from '@tollgate/simulator';
import { formatOf } from '../../src/formats.js';
import { ResponseReader } from '../../src/stream/response-reader.js';

const formats: readonly [name: string, api: WireApi, build: (fixture: WireFixture) => string][] = [
  ['OpenAI chat', 'openai-chat', openAiChatStream],
  ['OpenAI responses', 'openai-responses', openAiResponsesStream],
  ['Anthropic messages', 'anthropic-messages', anthropicMessagesStream],
  ['Gemini', 'gemini-generate', geminiStream],
  ['Azure OpenAI', 'openai-chat', azureOpenAiStream],
];
const framings: readonly [name: string, framing: WireFixture][] = [
  ['LF', { lineEnd: '\n' }],
  ['CRLF', { lineEnd: '\r\n' }],
  ['CR', { lineEnd: '\r' }],
  ['comments, and no space after data:', { comments: true, dataSpace: false }],
  ['several data lines', { multiLineData: true, lineEnd: '\r\n' }],
];
const said: WireFixture = {
  text: 'Zoë: 你好 👋 "tschüs"',
  usage: { inputTokens: 30, cachedInputTokens: 7, reasoningTokens: 3 },
};

function read(api: WireApi, parts: readonly Buffer[], hideUsage = false) {
  const reader = new ResponseReader({ format: formatOf(api), stream: true, hideUsage });
  reader.begin(200, 'text/event-stream; charset=utf-8');
  const out = parts.map((part) => Buffer.from(reader.push(part)));
  out.push(Buffer.from(reader.end()));
  const { usage, finished, failed, seenBytes } = reader.answer;
  return { forwarded: Buffer.concat(out), facts: { usage, finished, failed, seenBytes } };
}

/** Jest's own comparison is asked for its message only: of some hundred thousand it would take most of the time. */
function expectSame(cut: ReturnType<typeof read>, whole: ReturnType<typeof read>, at: number): void {
  if (!cut.forwarded.equals(whole.forwarded)) throw new Error(`cut at ${at}: other bytes were forwarded`);
  if (!isDeepStrictEqual(cut.facts, whole.facts))
    expect({ at, ...cut.facts }).toEqual({ at, ...whole.facts });
}

describe.each(formats)('%s streams', (_name, api, build) => {
  it.each(framings)(
    'give the same usage and the same bytes wherever they are cut (%s)',
    (_framing, framing) => {
      const bytes = Buffer.from(build({ ...said, ...framing }));
      const whole = read(api, [bytes]);
      expect(whole.facts.usage).toMatchObject({ inputTokens: 30, cachedInputTokens: 7, suspicious: false });
      expect(whole.facts.usage?.outputTokens).toBeGreaterThan(3);
      expect(whole.facts).toMatchObject({ finished: true, failed: false });
      expect(whole.facts.seenBytes).toBeGreaterThanOrEqual(Buffer.byteLength('Zoë: 你好 👋 tschüs'));
      for (let at = 0; at <= bytes.length; at += 1) {
        const cut = read(api, [bytes.subarray(0, at), bytes.subarray(at)]);
        expectSame(cut, { forwarded: bytes, facts: whole.facts }, at);
      }
      const singly = read(
        api,
        Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1)),
      );
      expect(singly.forwarded.equals(bytes)).toBe(true);
      expect(singly.facts).toEqual(whole.facts);
    },
  );

  it('give the same usage without their last word', () => {
    const whole = read(api, [Buffer.from(build(said))]);
    const cut = read(api, [Buffer.from(build({ ...said, done: false }))]);
    expect(cut.facts).toEqual(whole.facts);
  });
});

describe.each(framings.slice(0, 4))('a chat client that did not ask for usage (%s)', (_name, framing) => {
  it.each([
    ['OpenAI', openAiChatStream],
    ['Azure', azureOpenAiStream],
  ])('sees what %s would have sent it, wherever the stream is cut', (_provider, build) => {
    const asked = Buffer.from(build({ ...said, ...framing, obfuscation: true }));
    const unasked = build({
      ...said,
      ...framing,
      multiLineData: false,
      obfuscation: true,
      includeUsage: false,
    });
    const whole = read('openai-chat', [asked], true);
    expect(withoutPadding(whole.forwarded.toString())).toBe(withoutPadding(unasked));
    expect(whole.facts.usage?.inputTokens).toBe(30);
    for (let at = 0; at <= asked.length; at += 1) {
      const cut = read('openai-chat', [asked.subarray(0, at), asked.subarray(at)], true);
      expectSame(cut, whole, at);
    }
  });
});

/** Padding and comments number the events, of which a stream with usage has one more. */
const withoutPadding = (text: string): string =>
  text.replaceAll(/,"obfuscation":"x+"/g, '').replaceAll(/: keep-alive \d+/g, ': keep-alive');
