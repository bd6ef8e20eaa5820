import { afterEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import type { RunningApp } from '../running-app.js';
import { chargedExactly, models, translatedApp } from './translated-app.js';

const schema = { type: 'object', properties: { town: { type: 'string' } }, required: ['town'] };
const tools: OpenAI.Responses.FunctionTool[] = [
  { type: 'function', name: 'get_weather', parameters: schema, strict: null },
];
const weather = (town: string): OpenAI.Responses.EasyInputMessage => ({
  role: 'user',
  content: `What is the weather in ${town}?`,
});

let app: RunningApp;
afterEach(() => app.close());

/** The items of an answer as a client keeps them for the next turn. */
const handedBack = ({ output }: OpenAI.Responses.Response): OpenAI.Responses.ResponseInput =>
  JSON.parse(JSON.stringify(output));

/** The last word of a stream, and how many events led to it. */
async function streamed(
  ask: Omit<OpenAI.Responses.ResponseCreateParamsStreaming, 'stream'>,
): Promise<{ response: OpenAI.Responses.Response; pieces: string[]; types: Set<string> }> {
  const pieces: string[] = [];
  const types = new Set<string>();
  const stream = app.openai.responses.stream(ask);
  for await (const event of stream) {
    types.add(event.type);
    if (event.type === 'response.output_text.delta') pieces.push(event.delta);
  }
  return { response: await stream.finalResponse(), pieces, types };
}

describe.each([
  ['Anthropic', models.anthropic, '/v1/messages'],
  ['Gemini', models.gemini, `/v1beta/models/${models.gemini}:`],
  ["OpenAI's chat", models.chat, '/v1/chat/completions'],
])("responses.create() of the official OpenAI client, answered in %s's format", (_, model, path) => {
  it('gets text, how it ended and the usage that is charged', async () => {
    app = await translatedApp({
      provider: { script: { text: 'Deep and wide.', usage: { cachedInputTokens: 3 } } },
    });
    const answer = await app.openai.responses.create({
      model,
      instructions: 'Be brief.',
      input: 'Tell me of the sea.',
      temperature: 0.5,
      metadata: null,
    });
    expect(answer).toMatchObject({
      object: 'response',
      model,
      status: 'completed',
      error: null,
      instructions: 'Be brief.',
      temperature: 0.5,
      output_text: 'Deep and wide.',
      output: [{ type: 'message', role: 'assistant', status: 'completed' }],
    });
    const { inputTokens, outputTokens } = app.provider.accounts().billed;
    expect(answer.usage).toEqual({
      input_tokens: inputTokens,
      input_tokens_details: { cached_tokens: 3, cache_write_tokens: 0 },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: inputTokens + outputTokens,
    });
    expect(app.provider.requests.map(({ url }) => url.startsWith(path))).toEqual([true]);
    await chargedExactly(app, model);
  });

  it('streams the events that the client puts together again', async () => {
    app = await translatedApp({ provider: { script: { text: 'Deep and wide, and blue.' } } });
    const { response, pieces, types } = await streamed({ model, input: 'Tell me of the sea.' });
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join('')).toBe('Deep and wide, and blue.');
    expect([...types]).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(response).toMatchObject({
      status: 'completed',
      output_text: 'Deep and wide, and blue.',
      usage: { output_tokens: 5 },
    });
    await chargedExactly(app, model);
  });

  it('calls tools over several turns, whole and streamed', async () => {
    app = await translatedApp({ provider: { script: { usage: { reasoningTokens: 7 } } } });
    const input: OpenAI.Responses.ResponseInput = [weather('Oslo')];
    const first = await app.openai.responses.create({ model, input, tools });
    const call = first.output.find((item) => item.type === 'function_call');
    expect(call).toMatchObject({
      name: 'get_weather',
      arguments: expect.stringMatching(/^\{"town": ?"Oslo"\}$/),
      status: 'completed',
    });
    if (!call) throw new Error('no call');
    input.push(...handedBack(first), { type: 'function_call_output', call_id: call.call_id, output: '3 °C' });
    const second = await app.openai.responses.create({ model, input, tools });
    expect(second).toMatchObject({ status: 'completed', output_text: expect.stringMatching(/\w/) });
    input.push(...handedBack(second), weather('Rome'));
    const { response: third } = await streamed({ model, input, tools });
    expect(third.output.at(-1)).toMatchObject({
      type: 'function_call',
      name: 'get_weather',
      arguments: expect.stringContaining('Rome'),
    });
    await chargedExactly(app, model);
  });

  it('sends images and gets structured output', async () => {
    app = await translatedApp();
    const answer = await app.openai.responses.create({
      model,
      max_output_tokens: 100,
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'auto' },
            { type: 'input_text', text: 'Which town is it? Oslo' },
          ],
        },
      ],
      text: { format: { type: 'json_schema', name: 'town', schema, strict: true } },
    });
    expect(JSON.parse(answer.output_text)).toEqual({ town: 'Oslo' });
    expect(JSON.stringify(app.provider.requests[0]?.body)).toContain('iVBORw0KGgo=');
    await chargedExactly(app, model);
  });

  it.each([false, true])('ends at its cap, with the reason for it (streamed: %s)', async (stream) => {
    app = await translatedApp();
    const ask = { model, max_output_tokens: 5, input: 'Tell me of the sea.' };
    const answer = stream ? (await streamed(ask)).response : await app.openai.responses.create(ask);
    expect(answer).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ type: 'message', status: 'incomplete' }],
      usage: { output_tokens: 5 },
    });
    await chargedExactly(app, model);
  });

  it('is told of errors in its own format, before an answer and in the middle of a stream', async () => {
    app = await translatedApp();
    const ask = { model, input: 'Tell me of the sea.' };
    app.provider.queue({ status: 400 });
    const refused = await app.openai.responses.create(ask).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OpenAI.BadRequestError);
    expect(refused).toMatchObject({ status: 400, type: 'invalid_request_error' });
    app.provider.queue({ errorEventAfterChunks: 4 });
    const types: string[] = [];
    for await (const event of await app.openai.responses.create({ ...ask, stream: true })) {
      types.push(event.type);
      if (event.type === 'response.failed')
        expect(event.response).toMatchObject({ status: 'failed', error: { message: expect.any(String) } });
    }
    expect(types.slice(0, 2)).toEqual(['response.created', 'response.in_progress']);
    expect(types.at(-1)).toBe('response.failed');
    app.provider.queue({ end: { afterChunks: 4 } });
    const cut = (async () => {
      for await (const event of await app.openai.responses.create({ ...ask, stream: true })) {
        expect(event.type).not.toMatch(/completed|incomplete|failed/);
      }
    })();
    await expect(cut).rejects.toMatchObject({ code: 'upstream_error' });
    await app.settled();
    expect(app.events.map(({ outcome }) => outcome)).toEqual(['error', 'error', 'error']);
    expect((await app.money()).held).toBe(0);
  });

  it.each([
    [{ previous_response_id: 'resp_1' }, 'previous_response_id'],
    [{ conversation: 'conv_1' }, 'conversation'],
    [{ store: true }, 'store'],
    [{ background: true }, 'background'],
    [{ tools: [{ type: 'web_search' as const }] }, 'tools[0].type'],
    [{ input: [{ type: 'item_reference' as const, id: 'msg_1' }] }, 'input[0].type'],
  ])('is refused %j by name, before anything is reserved or sent', async (more, param) => {
    app = await translatedApp();
    const refused = app.openai.responses.create({ model, input: 'Hi', ...more });
    await expect(refused).rejects.toMatchObject({ status: 400, param });
    await app.settled();
    expect(app.provider.requests).toHaveLength(0);
    expect(await app.money()).toEqual({ used: 0, held: 0 });
  });
});

describe('responses.create() of the official OpenAI client, answered by a Gemini model that thinks', () => {
  it('sees the thoughts, and hands their signature back with the call that they led to', async () => {
    app = await translatedApp({ provider: { script: { usage: { reasoningTokens: 9 } } } });
    const reasoning = { effort: 'low' as const, summary: 'auto' as const };
    const ask = { model: models.gemini, reasoning, tools, store: false };
    const input: OpenAI.Responses.ResponseInput = [weather('Oslo')];
    const { response: first } = await streamed({ ...ask, input });
    expect(first.output).toMatchObject([
      {
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'Let me think about this.' }],
        encrypted_content: expect.stringMatching(/^gemini:sig/),
      },
      { type: 'function_call', name: 'get_weather' },
    ]);
    const call = first.output.find((item) => item.type === 'function_call');
    const output = { type: 'function_call_output' as const, call_id: call?.call_id ?? '', output: '3 °C' };
    await app.openai.responses.create({ ...ask, input: [...input, ...handedBack(first), output] });
    const sent = JSON.stringify(app.provider.requests[1]?.body);
    expect(sent).toMatch(/"functionCall":\{[^}]*\{[^}]*\}\},"thoughtSignature":"sig/);
    await chargedExactly(app, models.gemini);
  });
});

describe.each([models.anthropic, models.gemini])('responses.create(), answered by %s', (model) => {
  it('ends politely when the money is gone in the middle of a stream', async () => {
    app = await translatedApp({
      plan: { spend: '$0.002/day' },
      provider: { script: { tokens: 3_000, chunkDelayMs: 3, usage: { inputTokens: 2_000_000 } } },
    });
    const { response } = await streamed({ model, input: 'Tell me of the sea.' });
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    });
    await app.settled();
    expect(app.events).toMatchObject([{ model, outcome: 'budget_stopped' }]);
  });
});
