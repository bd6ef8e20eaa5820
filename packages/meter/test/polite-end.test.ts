import Anthropic from '@anthropic-ai/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { TollgateError, type UsageEvent } from '@tollgate/core';
import type { CallStep, TollgateErrorCode } from '@tollgate/core/internal';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import OpenAI from 'openai';
import { meteredFetch, runWith } from '../src/index.js';
import { caller } from './metered-app.js';

let provider: SimulatedProvider;
beforeAll(async () => {
  provider = await simulateProvider({
    script: { text: 'one two three four five six seven', chunkDelayMs: 2 },
  });
});
afterEach(() => provider.reset());
afterAll(() => provider.close());

/** Stops every call once some output has been seen, as a budget does when the money has run out. */
const stopping = (code: TollgateErrorCode): CallStep => {
  const seen = new Map<string, number>();
  return {
    name: 'budget',
    stage: 'cover',
    chunk: (call, bytes, last) => {
      const chunks = (seen.get(call.id) ?? 0) + 1;
      seen.set(call.id, chunks);
      if (!last && chunks === 4)
        call.stop(new TollgateError({ status: 402, code, message: 'The money is gone.' }));
      return bytes;
    },
  };
};

async function stopped<Result>(run: () => Promise<Result>, code: TollgateErrorCode = 'budget_exceeded') {
  const events: UsageEvent[] = [];
  const result = await runWith(caller, run, {
    sinks: [{ write: (event) => void events.push(event) }],
    steps: (context) => context.calls.use(stopping(code)),
  });
  await provider.waitForEnd(1);
  return { result, events };
}

const openai = () => new OpenAI({ apiKey: 'k', baseURL: provider.openAiUrl, fetch: meteredFetch() });
const anthropic = () => new Anthropic({ apiKey: 'k', baseURL: provider.url, fetch: meteredFetch() });
const messages = [{ role: 'user' as const, content: 'Count' }];

describe('a stream that is stopped because the money has run out', () => {
  afterEach(() => {
    expect(provider.requests.map((request) => request.outcome)).toEqual(['client-gone']);
  });

  it('ends for OpenAI’s SDK as at its output cap, usage included where it was asked for', async () => {
    const { result, events } = await stopped(() =>
      openai()
        .chat.completions.stream({ model: 'gpt-5-mini', messages, stream_options: { include_usage: true } })
        .finalChatCompletion(),
    );
    expect(result.choices[0]?.finish_reason).toBe('length');
    expect('one two three four five six seven').toMatch(new RegExp(`^${result.choices[0]?.message.content}`));
    expect(result.usage?.completion_tokens).toBeGreaterThan(0);
    expect(events).toMatchObject([
      { outcome: 'budget_stopped', uncertain: true, outputTokens: result.usage?.completion_tokens },
    ]);
  });

  it('names the reason in its last event', async () => {
    const { result } = await stopped(async () => {
      const reasons: unknown[] = [];
      const stream = await openai().chat.completions.create({ model: 'gpt-5-mini', messages, stream: true });
      for await (const chunk of stream) if ('tollgate' in chunk) reasons.push(chunk.tollgate);
      return reasons;
    });
    expect(result).toEqual([{ code: 'budget_exceeded' }]);
  });

  it('ends for OpenAI’s responses as incomplete, in sequence', async () => {
    const { result } = await stopped(async () => {
      const events: OpenAI.Responses.ResponseStreamEvent[] = [];
      const stream = await openai().responses.create({ model: 'gpt-5-mini', input: 'Count', stream: true });
      for await (const event of stream) events.push(event);
      return events;
    });
    expect(result.map((event) => event.sequence_number)).toEqual(result.map((_event, index) => index));
    const last = result.at(-1);
    expect(last).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    });
  });

  it('ends for Anthropic’s SDK as at its output cap, its open block closed', async () => {
    const { result, events } = await stopped(() =>
      anthropic().messages.stream({ model: 'claude-haiku-4-5', max_tokens: 64, messages }).finalMessage(),
    );
    expect(result.stop_reason).toBe('max_tokens');
    expect(result.content).toMatchObject([{ type: 'text' }]);
    expect(events[0]?.outcome).toBe('budget_stopped');
  });

  it('ends for Gemini as at its output cap', async () => {
    const path = '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse';
    const { result } = await stopped(async () => {
      const response = await meteredFetch()(provider.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Count' }] }] }),
      });
      return response.text();
    });
    const events = result
      .trim()
      .split('\n\n')
      .map((event) => JSON.parse(event.replace(/^data: /, '')));
    expect(events.at(-1)).toMatchObject({
      candidates: [{ finishReason: 'MAX_TOKENS', index: 0 }],
      tollgate: { code: 'budget_exceeded' },
    });
  });
});

describe('a stream that is stopped for another reason', () => {
  it('ends with the provider’s error event, which its SDK throws', async () => {
    const { result, events } = await stopped(async () => {
      const stream = await openai().chat.completions.create({ model: 'gpt-5-mini', messages, stream: true });
      try {
        for await (const _chunk of stream);
        return undefined;
      } catch (error) {
        return error;
      }
    }, 'switched_off');
    expect(result).toMatchObject({ code: 'switched_off' });
    expect(events[0]?.outcome).toBe('budget_stopped');
  });
});
