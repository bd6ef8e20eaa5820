import type { WireApi } from '@tollgate/core/internal';

/** The line with which each API ends a complete stream. JSON text cannot contain it: line ends in it are escaped. */
const lastWords: Readonly<Record<WireApi, RegExp | undefined>> = {
  'openai-chat': /(?:^|[\r\n])data: ?\[DONE\](?:[\r\n]|$)/,
  'openai-responses': /(?:^|[\r\n])event: ?response\.(?:completed|incomplete|failed)(?:[\r\n]|$)/,
  'openai-embeddings': undefined,
  'anthropic-messages': /(?:^|[\r\n])event: ?message_stop(?:[\r\n]|$)/,
  'gemini-generate': /"finishReason" ?: ?"/,
};

/** Whether these bytes, the last that were sent, contain the end of the stream: a connection that breaks after it is no failure. */
export function saysStreamIsComplete(api: WireApi | undefined, last: Uint8Array | undefined): boolean {
  const words = api === undefined ? undefined : lastWords[api];
  if (!words || !last) return false;
  return words.test(Buffer.from(last.buffer, last.byteOffset, last.byteLength).toString('latin1'));
}
