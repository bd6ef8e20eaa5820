import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readAnthropicRequest } from '../../src/translate/anthropic/read-request.js';
import { writeAnthropicRequest } from '../../src/translate/anthropic/write-request.js';
import { readGeminiRequest } from '../../src/translate/gemini/read-request.js';
import { writeGeminiRequest } from '../../src/translate/gemini/write-request.js';
import type { NeutralRequest } from '../../src/translate/neutral-request.js';
import { readOpenAiRequest } from '../../src/translate/openai/read-request.js';
import { writeOpenAiRequest } from '../../src/translate/openai/write-request.js';
import { readResponsesRequest } from '../../src/translate/responses/read-request.js';
import { writeResponsesRequest } from '../../src/translate/responses/write-request.js';

const words = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
const name = fc.stringMatching(/^[a-z]\w{0,10}$/);
const json = fc.dictionary(name, fc.oneof(words, fc.integer(), fc.boolean()), { maxKeys: 3 });
const text = words.map((one) => ({ kind: 'text' as const, text: one }));
const image = fc.base64String({ minLength: 4, maxLength: 16 }).map((data) => ({
  kind: 'image' as const,
  param: '',
  mediaType: 'image/png',
  data,
}));
const user = fc
  .array(fc.oneof(text, image), { minLength: 1, maxLength: 3 })
  .map((parts) => ({ role: 'user' as const, parts }));
const calls = fc.array(fc.tuple(name, json, words), { minLength: 1, maxLength: 3 });
/** The assistant calls tools, and the next turn answers each. */
const toolTurns = fc.tuple(text, calls, fc.nat()).map(([said, list, seed]) => [
  {
    role: 'assistant' as const,
    parts: [
      said,
      ...list.map(([tool, args], index) => ({
        kind: 'call' as const,
        param: '',
        id: `c${seed}_${index}`,
        name: tool,
        args,
      })),
    ],
  },
  {
    role: 'user' as const,
    parts: list.map(([, , result], index) => ({
      kind: 'result' as const,
      param: '',
      id: `c${seed}_${index}`,
      content: [{ kind: 'text' as const, text: result }],
      failed: false,
    })),
  },
]);
const asked = <Value>(value: fc.Arbitrary<Value>) =>
  fc.option(
    value.map((one) => ({ value: one, param: '' })),
    { nil: undefined },
  );

const requests: fc.Arbitrary<NeutralRequest> = fc.record({
  model: name,
  stream: fc.boolean(),
  usageInStream: fc.constant(true),
  system: fc.array(text, { maxLength: 2 }),
  turns: fc
    .tuple(user, fc.array(toolTurns, { maxLength: 2 }))
    .map(([first, more]) => [first, ...more.flat()]),
  tools: fc.array(
    fc.record({ param: fc.constant(''), name, description: words, schema: json, strict: fc.boolean() }),
    { maxLength: 2 },
  ),
  settings: fc.record({
    maxTokens: fc.integer({ min: 1, max: 9_999 }).map((value) => ({ value, param: '' })),
    temperature: asked(fc.integer({ min: 0, max: 10 }).map((tenths) => tenths / 10)),
    topP: asked(fc.integer({ min: 1, max: 10 }).map((tenths) => tenths / 10)),
    stop: asked(fc.array(words, { minLength: 1, maxLength: 4 })),
    toolChoice: asked(
      fc.oneof(
        fc.constantFrom('auto' as const, 'none' as const, 'required' as const),
        name.map((one) => ({ name: one })),
      ),
    ),
    output: asked(json.map((schema) => ({ schema, strict: true }))),
    user: asked(words),
    standardTier: asked(fc.constant(true)),
  }),
});

/** Without what only one of the formats says: the names of fields, of an output form, and that usage is wanted. */
const plain = (request: NeutralRequest): unknown =>
  JSON.parse(
    JSON.stringify(request, (key, value) => {
      const own = key === 'param' || key === 'usageInStream' || (key === 'name' && value === 'answer');
      return own ? undefined : value;
    }),
  );

describe('a request of what both formats have', () => {
  it("survives the way through OpenAI's format", () => {
    fc.assert(
      fc.property(requests, (request) => {
        expect(plain(readOpenAiRequest(writeOpenAiRequest(request)))).toEqual(plain(request));
      }),
      { numRuns: process.env.TOLLGATE_LONG ? 2_000 : 120 },
    );
  });

  it("survives the way through Anthropic's format", () => {
    fc.assert(
      fc.property(requests, (request) => {
        expect(plain(readAnthropicRequest(writeAnthropicRequest(request)))).toEqual(plain(request));
      }),
      { numRuns: process.env.TOLLGATE_LONG ? 2_000 : 120 },
    );
  });

  it("is the same in OpenAI's format whether it came through Anthropic's or not", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const direct = writeOpenAiRequest(request);
        const through = writeOpenAiRequest(
          readAnthropicRequest(writeAnthropicRequest(readOpenAiRequest(direct))),
        );
        expect({ ...through, response_format: undefined }).toEqual({ ...direct, response_format: undefined });
      }),
      { numRuns: process.env.TOLLGATE_LONG ? 2_000 : 120 },
    );
  });

  it("survives the way through OpenAI's responses, but for what they have not", () => {
    fc.assert(
      fc.property(requests, ({ settings, ...request }) => {
        const { stop: _, ...rest } = settings;
        const known: NeutralRequest = { ...request, settings: rest };
        expect(plain(readResponsesRequest(writeResponsesRequest(known)))).toEqual(plain(known));
      }),
      { numRuns: process.env.TOLLGATE_LONG ? 2_000 : 120 },
    );
  });

  it("survives the way through Gemini's format, but for what Gemini has not", () => {
    fc.assert(
      fc.property(requests, ({ settings, tools, ...request }) => {
        const { user: _, standardTier: __, output, ...rest } = settings;
        const known: NeutralRequest = {
          ...request,
          tools: tools.map((tool) => ({ ...tool, strict: undefined })),
          settings: { ...rest, output: output && { ...output, value: { schema: output.value.schema } } },
        };
        const path = { model: known.model, stream: known.stream };
        expect(plain(readGeminiRequest(writeGeminiRequest(known), path))).toEqual(plain(known));
      }),
      { numRuns: process.env.TOLLGATE_LONG ? 2_000 : 120 },
    );
  });
});
