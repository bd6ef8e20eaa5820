import type { WireApi } from '@tollgate/core/internal';
import type { AnswerReader } from './answer-facts.js';
import { type Fields, fieldsOf } from './reported-usage.js';

/** The content of a graceful end beside the wire format's fixed fields. */
export interface PoliteEnd {
  /** Why it ends, as an error code: `budget_exceeded`. */
  readonly code: string;
  /** Usage as it will be charged, for formats that end with it. */
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
  /** OpenAI chat: the client asked for usage. */
  readonly withUsage: boolean;
  /** The last event that was sent, as text. */
  readonly lastEvent: string;
}

type Answer = Pick<AnswerReader, 'api' | 'answers' | 'head' | 'openBlocks' | 'finishedChoices' | 'model'>;

const writers: Readonly<Record<WireApi, (answer: Answer, end: PoliteEnd) => string>> = {
  'openai-chat': chatEnd,
  'openai-responses': responsesEnd,
  'openai-embeddings': () => '',
  'anthropic-messages': anthropicEnd,
  'gemini-generate': geminiEnd,
};

/**
 * The events with which the provider would end a stream at its output cap, so that official SDKs finish without an error: `finish_reason:
 * "length"`, `stop_reason: "max_tokens"`, `response.incomplete`, `finishReason: "MAX_TOKENS"`. That event carries `"tollgate": { "code": …
 * }` as well.
 */
export function politeEnd(answer: Answer, end: PoliteEnd): string {
  return writers[answer.api](answer, end);
}

const event = (data: object, name?: string): string =>
  `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;

function chatEnd(answer: Answer, end: PoliteEnd): string {
  const { id = 'chatcmpl-stopped', created = 0, model = answer.model ?? '' } = answer.head;
  const chunk = { id, object: 'chat.completion.chunk', created, model };
  const choices = Array.from({ length: answer.answers }, (_, index) => index)
    .filter((index) => !answer.finishedChoices.has(index))
    .map((index) => ({ index, delta: {}, logprobs: null, finish_reason: 'length' }));
  const { inputTokens, outputTokens } = end.usage;
  const usage = {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
  const last = event({
    ...chunk,
    choices,
    ...(end.withUsage && { usage: null }),
    tollgate: { code: end.code },
  });
  return `${last}${end.withUsage ? event({ ...chunk, choices: [], usage }) : ''}data: [DONE]\n\n`;
}

function responsesEnd(answer: Answer, end: PoliteEnd): string {
  const { inputTokens, outputTokens } = end.usage;
  const response = {
    output: [],
    ...answer.head,
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
    usage: {
      input_tokens: inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: inputTokens + outputTokens,
    },
  };
  const type = 'response.incomplete';
  const last = /"sequence_number":\s*(\d{1,12})/.exec(end.lastEvent)?.[1];
  const sequence_number = last === undefined ? 0 : Number(last) + 1;
  return event({ type, sequence_number, response, tollgate: { code: end.code } }, type);
}

function anthropicEnd(answer: Answer, end: PoliteEnd): string {
  const stops = [...answer.openBlocks]
    .sort((a, b) => a - b)
    .map((index) => event({ type: 'content_block_stop', index }, 'content_block_stop'));
  const delta = { stop_reason: 'max_tokens', stop_sequence: null };
  const usage = { output_tokens: end.usage.outputTokens };
  return [
    ...stops,
    event({ type: 'message_delta', delta, usage, tollgate: { code: end.code } }, 'message_delta'),
    event({ type: 'message_stop' }, 'message_stop'),
  ].join('');
}

function geminiEnd(answer: Answer, end: PoliteEnd): string {
  const { inputTokens, outputTokens } = end.usage;
  const candidates = Array.from({ length: answer.answers }, (_, index) => index)
    .filter((index) => !answer.finishedChoices.has(index))
    .map((index): Fields => {
      return { content: { parts: [{ text: '' }], role: 'model' }, finishReason: 'MAX_TOKENS', index };
    });
  const usageMetadata = {
    promptTokenCount: inputTokens,
    candidatesTokenCount: outputTokens,
    totalTokenCount: inputTokens + outputTokens,
  };
  return event({ candidates, usageMetadata, ...fieldsOf(answer.head), tollgate: { code: end.code } });
}
