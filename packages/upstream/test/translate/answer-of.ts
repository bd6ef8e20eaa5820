import type { JsonObject, WireApi } from '@tollgate/core/internal';
import { translatedFor } from '../../src/index.js';

/** The formats that a client can speak. */
export type ClientApi = 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini-generate';

const asked: Readonly<Record<ClientApi, JsonObject>> = {
  'openai-chat': {
    model: 'm',
    messages: [{ role: 'user', content: 'Hi' }],
    stream_options: { include_usage: true },
  },
  'openai-responses': { model: 'm', input: 'Hi' },
  'gemini-generate': { contents: [{ parts: [{ text: 'Hi' }] }] },
  'anthropic-messages': { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] },
};

/** Brings bytes of a provider, in these pieces, into a client's format. */
export function answerOf(
  from: WireApi,
  to: ClientApi,
  pieces: readonly Uint8Array[],
  head: { status?: number; contentType?: string } = {},
): string {
  const answer = translatedFor({ apis: [from] }, to, asked[to], { model: 'm', stream: true })?.answer();
  if (!answer) throw new Error(`${from} cannot be translated to ${to}`);
  answer.begin(head.status ?? 200, head.contentType ?? 'text/event-stream');
  const written = pieces.map((piece) => answer.push(piece));
  return Buffer.concat([...written, answer.end(new Uint8Array(0))])
    .toString('utf8')
    .replace(/"created(_at)?":\d+/g, '"created$1":0');
}
