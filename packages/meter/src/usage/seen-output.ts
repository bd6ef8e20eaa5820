import type { WireApi } from '@tollgate/core/internal';
import { type Fields, fieldsOf } from './reported-usage.js';

/** Members of an answer that are not the model's output. */
const notOutput = new Set([
  'role',
  'id',
  'call_id',
  'type',
  'status',
  'signature',
  'finish_reason',
  'finishReason',
]);

const outputOf: Readonly<Record<WireApi, (body: Fields) => unknown>> = {
  'openai-chat': (body) =>
    Array.isArray(body.choices) ? body.choices.map((one) => fieldsOf(one).message) : undefined,
  'openai-responses': (body) => body.output,
  'openai-embeddings': () => undefined,
  'anthropic-messages': (body) => body.content,
  'gemini-generate': (body) =>
    Array.isArray(body.candidates) ? body.candidates.map((one) => fieldsOf(one).content) : undefined,
};

/** Bytes of text in an answer's output, tool calls included: never fewer than its tokens. */
export function outputBytes(api: WireApi, body: Fields): number {
  return bytesIn(outputOf[api](body), 0);
}

function bytesIn(value: unknown, depth: number): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value).length;
  if (typeof value !== 'object' || value === null || depth > 60) return 0;
  let sum = 0;
  for (const [name, member] of Object.entries(value)) {
    if (notOutput.has(name)) continue;
    sum += bytesIn(member, depth + 1);
  }
  return sum;
}
