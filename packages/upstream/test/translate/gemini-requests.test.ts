import type { GenerateContentParameters } from '@google/genai';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject, WireApi } from '@tollgate/core/internal';
import { translatedFor } from '../../src/index.js';

const at = (api: WireApi, body: object): JsonObject | undefined =>
  translatedFor({ apis: [api] }, 'gemini-generate', JSON.parse(JSON.stringify(body)), {
    model: 'm',
    stream: false,
  })?.body;

const conversation = {
  systemInstruction: { parts: [{ text: 'Be brief.' }] },
  contents: [
    {
      role: 'user',
      parts: [{ text: 'Weather?' }, { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }],
    },
    {
      role: 'model',
      parts: [
        { text: 'Hm.', thought: true },
        { functionCall: { name: 'get_weather', args: { town: 'Oslo' } }, thoughtSignature: 'anthropic:c2ln' },
        { functionCall: { name: 'get_weather', args: { town: 'Rome' } } },
      ],
    },
    {
      role: 'user',
      parts: [
        { functionResponse: { name: 'get_weather', response: { output: '3 °C' } } },
        { functionResponse: { name: 'get_weather', response: { degrees: 18 } } },
      ],
    },
  ] satisfies GenerateContentParameters['contents'],
  tools: [
    {
      functionDeclarations: [
        {
          name: 'get_weather',
          parameters: {
            type: 'OBJECT',
            properties: { town: { type: 'STRING', nullable: true } },
            required: ['town'],
          },
        },
      ],
    },
  ],
  toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['get_weather'] } },
  generationConfig: {
    maxOutputTokens: 2_000,
    temperature: 0.5,
    stopSequences: ['END'],
    thinkingConfig: { includeThoughts: true },
  },
};

describe("a Gemini client's request", () => {
  it('keeps turns, thoughts, tools in their own schema form, calls and results for Anthropic', () => {
    expect(at('anthropic-messages', conversation)).toEqual({
      model: 'm',
      max_tokens: 2_000,
      temperature: 0.5,
      stop_sequences: ['END'],
      system: 'Be brief.',
      thinking: { type: 'adaptive', display: 'summarized' },
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Weather?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
            { type: 'tool_use', id: 'call_1_1', name: 'get_weather', input: { town: 'Oslo' } },
            { type: 'tool_use', id: 'call_1_2', name: 'get_weather', input: { town: 'Rome' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'call_1_1', content: [{ type: 'text', text: '3 °C' }] },
            {
              type: 'tool_result',
              tool_use_id: 'call_1_2',
              content: [{ type: 'text', text: '{"degrees":18}' }],
            },
          ],
        },
      ],
      tools: [
        {
          name: 'get_weather',
          input_schema: {
            type: 'object',
            properties: { town: { type: ['string', 'null'] } },
            required: ['town'],
          },
        },
      ],
      tool_choice: { type: 'tool', name: 'get_weather' },
    });
  });

  it("asks for structured output and thinks by effort in OpenAI's format", () => {
    const sent = at('openai-chat', {
      contents: [{ parts: [{ text: 'Hi' }] }],
      generationConfig: {
        responseMimeType: 'application/json',
        responseSchema: { type: 'OBJECT', properties: {} },
        thinkingConfig: { thinkingBudget: 8_192 },
        seed: 7,
      },
    });
    expect(sent).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      seed: 7,
      reasoning_effort: 'medium',
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema: { type: 'object', properties: {} } },
      },
    });
  });

  it.each<[object, string]>([
    [{ safetySettings: [] }, 'safetySettings'],
    [{ cachedContent: 'c' }, 'cachedContent'],
    [{ tools: [{ googleSearch: {} }] }, 'tools[0].googleSearch'],
    [{ generationConfig: { candidateCount: 2 } }, 'generationConfig.candidateCount'],
    [{ generationConfig: { topK: 3 } }, 'generationConfig.topK'],
    [{ generationConfig: { responseModalities: ['IMAGE'] } }, 'generationConfig.responseModalities'],
    [{ generationConfig: { speechConfig: {} } }, 'generationConfig.speechConfig'],
    [{ contents: [{ parts: [{ executableCode: { code: '1' } }] }] }, 'contents[0].parts[0].executableCode'],
    [
      {
        contents: [
          {
            parts: [
              {
                fileData: {
                  mimeType: 'image/png',
                  fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/x',
                },
              },
            ],
          },
        ],
      },
      'contents[0].parts[0].fileData.fileUri',
    ],
    [
      {
        contents: [
          { parts: [{ text: 'Hi' }] },
          { role: 'model', parts: [{ text: 'Ho', thoughtSignature: 'c2ln' }] },
        ],
      },
      'contents[1].parts[0]',
    ],
    [{ model: 'models/other' }, 'model'],
  ])('that cannot be translated, %j, is refused as %s', (more, param) => {
    const body = { contents: [{ parts: [{ text: 'Hi' }] }], ...more };
    expect(() => at('openai-chat', body)).toThrow(
      expect.objectContaining({ status: 400, code: 'unsupported_parameter', param }),
    );
  });
});
