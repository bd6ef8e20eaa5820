import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { makeAnswer, textOfChoice } from '../src/answer.js';
import { anthropicMessages } from '../src/anthropic-messages.js';
import { gemini } from '../src/gemini.js';
import { countWords } from '../src/input-tokens.js';
import type { JsonObject } from '../src/json.js';
import { openAiChat } from '../src/openai-chat.js';
import { openAiResponses } from '../src/openai-responses.js';
import { isInvalid } from '../src/read-request.js';

const apis = {
  'OpenAI chat': [
    openAiChat,
    (text: string, cap: number): JsonObject => ({
      model: 'm',
      messages: [{ role: 'user', content: text }],
      max_tokens: cap,
      n: 2,
    }),
  ],
  'OpenAI responses': [
    openAiResponses,
    (text: string, cap: number): JsonObject => ({ model: 'm', input: text, max_output_tokens: cap }),
  ],
  Anthropic: [
    anthropicMessages,
    (text: string, cap: number): JsonObject => ({
      model: 'm',
      messages: [{ role: 'user', content: text }],
      max_tokens: cap,
    }),
  ],
  Gemini: [
    gemini,
    (text: string, cap: number): JsonObject => ({
      model: 'm',
      contents: [{ parts: [{ text }] }],
      generationConfig: { maxOutputTokens: cap, candidateCount: 2 },
    }),
  ],
} as const;

const text = fc.oneof(fc.string(), fc.lorem(), fc.string({ unit: 'grapheme' }));

describe.each(Object.entries(apis))('an answer of %s', (_name, [format, bodyOf]) => {
  it('bills no more input than the body has bytes, no more output than the cap, and streams exactly what it bills', () => {
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 1, max: 60 }),
        fc.nat(40),
        fc.nat(20),
        (prompt, cap, tokens, reasoningTokens) => {
          const body = bodyOf(prompt, cap);
          const bodyBytes = Buffer.byteLength(JSON.stringify(body));
          const asked = format.read(body, { bodyBytes });
          if (isInvalid(asked)) throw new Error('a good request was refused');
          const script = { tokens, usage: { reasoningTokens } };
          const answer = makeAnswer(asked, script, 'sim1', 0);
          expect(answer.usage.inputTokens).toBeLessThanOrEqual(bodyBytes);
          expect(answer.usage.outputTokens).toBe(Math.min(tokens + reasoningTokens, cap) * asked.n);
          expect(answer.finish).toBe(tokens + reasoningTokens > cap ? 'length' : 'stop');
          for (const choice of answer.choices)
            expect(countWords(textOfChoice(choice))).toBe(choice.pieces.length);
          const streamed = format.events(answer, {}).reduce((sum, event) => sum + (event.tokens ?? 0), 0);
          expect(streamed).toBe(answer.usage.outputTokens);
          expect(makeAnswer(asked, script, 'sim1', 0).choices).toEqual(answer.choices);
        },
      ),
    );
  });
});
