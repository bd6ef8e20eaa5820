import { describe, expect, it } from '@jest/globals';
import { createParser } from 'eventsource-parser';
import * as testkit from '../src/index.js';

const { anthropicMessagesStream, azureOpenAiStream, geminiStream, openAiChatStream, openAiResponsesStream } =
  testkit;

const streams = {
  openAiChatStream,
  openAiResponsesStream,
  anthropicMessagesStream,
  geminiStream,
  azureOpenAiStream,
};

const dataOf = (stream: string): string[] => {
  const data: string[] = [];
  const parser = createParser({ onEvent: (event) => data.push(event.data) });
  parser.feed(stream);
  return data;
};

describe('fixtures without a server', () => {
  it.each(Object.entries(streams))(
    '%s is the same every time and carries the scripted tokens',
    (_name, build) => {
      expect(build()).toBe(build());
      const last = dataOf(build({ tokens: 5, usage: { inputTokens: 77 } })).filter(
        (data) => data !== '[DONE]',
      );
      expect(last.join('\n')).toMatch(/"(completion_tokens|output_tokens|candidatesTokenCount)":5\b/);
      expect(last.join('\n')).toMatch(/"(prompt_tokens|input_tokens|promptTokenCount)":77\b/);
    },
  );

  it.each(Object.entries(streams))('%s obeys framing and cap', (_name, build) => {
    const crlf = build({ lineEnd: '\r\n', comments: true, multiLineData: true, cap: 4 });
    expect(crlf).toMatch(/^: keep-alive 0\r\n/);
    expect(dataOf(crlf).map((data) => (data.startsWith('{') ? JSON.parse(data) : data))).toEqual(
      dataOf(build({ cap: 4 })).map((data) => (data.startsWith('{') ? JSON.parse(data) : data)),
    );
    expect(crlf).toMatch(/length|max_output_tokens|max_tokens|MAX_TOKENS/);
  });

  it('builds bodies as JSON text', () => {
    const bodies = [
      testkit.openAiChatBody(),
      testkit.openAiResponsesBody(),
      testkit.anthropicMessagesBody(),
      testkit.geminiBody(),
      testkit.azureOpenAiBody(),
      testkit.geminiArrayStream(),
    ];
    for (const body of bodies) expect(() => JSON.parse(body)).not.toThrow();
    expect(JSON.parse(testkit.openAiChatBody({ text: 'Exactly this.', n: 2 })).choices).toHaveLength(2);
    expect(testkit.anthropicMessagesBody({ text: 'Exactly this.' })).toContain('"text":"Exactly this."');
  });

  it('leaves usage out of a chat stream when not included', () => {
    expect(openAiChatStream({ includeUsage: false })).not.toContain('usage');
  });
});
