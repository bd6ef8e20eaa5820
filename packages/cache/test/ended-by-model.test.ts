import { describe, expect, it } from '@jest/globals';
import type { WireApi } from '@tollgate/core/internal';
import {
  anthropicMessagesBody,
  anthropicMessagesStream,
  azureOpenAiBody,
  azureOpenAiStream,
  geminiArrayStream,
  geminiBody,
  geminiStream,
  openAiChatBody,
  openAiChatStream,
  openAiResponsesBody,
  openAiResponsesStream,
  type WireFixture,
} from '@tollgate/simulator';
import { endedByModel } from '../src/ended-by-model.js';

type Fixture = (fixture?: WireFixture) => string;
const bodies: [WireApi, Fixture][] = [
  ['openai-chat', openAiChatBody],
  ['openai-chat', azureOpenAiBody],
  ['openai-responses', openAiResponsesBody],
  ['anthropic-messages', anthropicMessagesBody],
  ['gemini-generate', geminiBody],
];
const streams: [WireApi, Fixture][] = [
  ['openai-chat', openAiChatStream],
  ['openai-chat', azureOpenAiStream],
  ['openai-responses', openAiResponsesStream],
  ['anthropic-messages', anthropicMessagesStream],
  ['gemini-generate', geminiStream],
  ['gemini-generate', geminiArrayStream],
];

describe('whether the model has ended its answer', () => {
  it.each(bodies)('in one piece: %s', (api, fixture) => {
    expect(endedByModel(api, false, fixture())).toBe(true);
    expect(endedByModel(api, false, fixture({ cap: 3 }))).toBe(false);
    expect(endedByModel(api, false, fixture().slice(0, -1))).toBe(false);
  });

  it.each(streams)('in a stream, at its last byte and not before: %s', (api, fixture) => {
    const whole = fixture();
    expect(endedByModel(api, true, whole)).toBe(true);
    expect(endedByModel(api, true, fixture({ cap: 3 }))).toBe(false);
    const lastEvent = whole.trimEnd().lastIndexOf('data:');
    const isArray = lastEvent === -1;
    for (let end = 0; end < (isArray ? whole.trimEnd().length : lastEvent); end += 7) {
      expect({ end, ended: endedByModel(api, true, whole.slice(0, end)) }).toEqual({ end, ended: false });
    }
  });

  it.each(streams.filter(([, fixture]) => fixture !== geminiArrayStream))(
    'however its lines end: %s',
    (api, fixture) => {
      for (const lineEnd of ['\r\n', '\r'] as const)
        expect(endedByModel(api, true, fixture({ lineEnd }))).toBe(true);
      expect(endedByModel(api, true, fixture({ comments: true, dataSpace: false }))).toBe(true);
      expect(endedByModel(api, true, fixture({ text: 'a\u2028b "data: [DONE]" \n c' }))).toBe(true);
    },
  );

  it('only where every choice has', () => {
    const choice = (reason: string | null) => ({ message: {}, finish_reason: reason });
    const body = (...reasons: (string | null)[]) => JSON.stringify({ choices: reasons.map(choice) });
    expect(endedByModel('openai-chat', false, body('stop', 'tool_calls'))).toBe(true);
    expect(endedByModel('openai-chat', false, body('stop', 'length'))).toBe(false);
    expect(endedByModel('openai-chat', false, body('content_filter'))).toBe(false);
    expect(endedByModel('openai-chat', false, body(null))).toBe(false);
    expect(endedByModel('anthropic-messages', false, '{"stop_reason":"refusal"}')).toBe(false);
    expect(endedByModel('anthropic-messages', false, '{"stop_reason":"pause_turn"}')).toBe(false);
  });

  it('embeddings have no end; errors and other things are no answers', () => {
    expect(endedByModel('openai-embeddings', false, '{"data":[]}')).toBe(true);
    for (const text of ['', 'null', '[]', '{}', '{"error":{}}', '{"choices":{}}', 'data: {}'])
      for (const [api] of bodies) expect(endedByModel(api, false, text)).toBe(false);
  });
});
