import { AnswerGuard } from '../../src/answer/answer-guard.js';
import type { Rule } from '../../src/index.js';

/** What stands at a path of names and indexes; `undefined` where nothing does. `-1`: the last element. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((within, key) => {
    if (Array.isArray(within) && typeof key === 'number') return within.at(key);
    return typeof within === 'object' && within !== null
      ? (within as Record<string, unknown>)[key]
      : undefined;
  }, value);
}

/** The same answer in pieces, as each provider streams it, and how its text is read back from events. */
export interface StreamFormat {
  readonly name: string;
  /** The stream of an answer that comes in these pieces. */
  readonly of: (pieces: readonly string[]) => string;
  /** What a client that reads the stream ends up with. */
  readonly textOf: (events: readonly unknown[]) => string;
  /** Why it ended, as the provider's clients see it. */
  readonly reasonOf: (events: readonly unknown[]) => unknown;
  /** What a content filter of this provider says. */
  readonly filtered: string;
  readonly usual: string;
}

const data = (event: object): string => `data: ${JSON.stringify(event)}\n\n`;
const named = (event: { type: string; [name: string]: unknown }): string =>
  `event: ${event.type}\n${data(event)}`;
const joined = (parts: readonly unknown[]): string => parts.map((part) => String(part ?? '')).join('');

const lastOf = (values: readonly unknown[]): unknown => values.findLast((value) => value != null);

const chat: StreamFormat = {
  name: 'OpenAI chat',
  of: (pieces) => {
    const chunk = (delta: object, finish_reason: string | null = null): string =>
      data({
        id: 'c1',
        object: 'chat.completion.chunk',
        created: 1,
        model: 'm',
        choices: [{ index: 0, delta, finish_reason }],
      });
    const first = chunk({ role: 'assistant', content: '' });
    return `${first}${pieces.map((content) => chunk({ content })).join('')}${chunk({}, 'stop')}data: [DONE]\n\n`;
  },
  textOf: (events) => joined(events.map((event) => at(event, 'choices', 0, 'delta', 'content'))),
  reasonOf: (events) => lastOf(events.map((event) => at(event, 'choices', 0, 'finish_reason'))),
  filtered: 'content_filter',
  usual: 'stop',
};

const messages: StreamFormat = {
  name: 'Anthropic messages',
  of: (pieces) =>
    [
      {
        type: 'message_start',
        message: {
          id: 'm1',
          type: 'message',
          role: 'assistant',
          content: [],
          usage: { input_tokens: 5, output_tokens: 1 },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'ping' },
      ...pieces.map((text) => ({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text },
      })),
      { type: 'content_block_stop', index: 0 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: 9 },
      },
      { type: 'message_stop' },
    ]
      .map(named)
      .join(''),
  textOf: (events) => joined(events.map((event) => at(event, 'delta', 'text'))),
  reasonOf: (events) => lastOf(events.map((event) => at(event, 'delta', 'stop_reason'))),
  filtered: 'refusal',
  usual: 'end_turn',
};

const responses: StreamFormat = {
  name: 'OpenAI responses',
  of: (pieces) => {
    const text = pieces.join('');
    const place = { item_id: 'i1', output_index: 0, content_index: 0 };
    const response = { id: 'r1', object: 'response', model: 'm', output: [] };
    const output = [
      { type: 'message', id: 'i1', role: 'assistant', content: [{ type: 'output_text', text }] },
    ];
    return [
      { type: 'response.created', response },
      ...pieces.map((delta) => ({ type: 'response.output_text.delta', ...place, delta })),
      { type: 'response.output_text.done', ...place, text },
      { type: 'response.completed', response: { ...response, status: 'completed', output } },
    ]
      .map((event, sequence_number) => named({ ...event, sequence_number }))
      .join('');
  },
  textOf: (events) => {
    const whole = at(events, -1, 'response', 'output', 0, 'content', 0, 'text');
    const parts = joined(events.map((event) => at(event, 'delta')));
    if (whole !== undefined && whole !== parts) throw new Error(`${whole} is not ${parts}`);
    return parts;
  },
  reasonOf: (events) =>
    at(events, -1, 'response', 'incomplete_details', 'reason') ?? at(events, -1, 'response', 'status'),
  filtered: 'content_filter',
  usual: 'completed',
};

const gemini: StreamFormat = {
  name: 'Gemini',
  of: (pieces) => {
    const chunk = (text: string, more: object = {}): string =>
      data({
        candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...more }],
        modelVersion: 'g',
        responseId: 'r',
      });
    return `${pieces.map((text) => chunk(text)).join('')}${chunk('', { finishReason: 'STOP' })}`;
  },
  textOf: (events) =>
    joined(events.map((event) => at(event, 'candidates', 0, 'content', 'parts', 0, 'text'))),
  reasonOf: (events) => lastOf(events.map((event) => at(event, 'candidates', 0, 'finishReason'))),
  filtered: 'SAFETY',
  usual: 'STOP',
};

export const streamFormats: readonly StreamFormat[] = [chat, messages, responses, gemini];

/** The events of a stream; throws where one is no JSON. */
export function eventsOf(stream: string): unknown[] {
  return stream
    .split(/\n\n/)
    .flatMap((event) => event.split('\n').filter((line) => line.startsWith('data: ')))
    .map((line) => line.slice(6))
    .filter((text) => text !== '[DONE]')
    .map((text) => JSON.parse(text));
}

/** What a guard lets through of an answer. */
export function passed(answer: string, rules: readonly Rule[], type = 'text/event-stream'): string {
  const call = { stopped: undefined, stop: () => undefined } as never;
  const guard = new AnswerGuard(call, rules, () => undefined);
  guard.begin(200, type);
  const first = guard.push(Buffer.from(answer));
  return Buffer.concat([first, guard.end(new Uint8Array(0))]).toString();
}
