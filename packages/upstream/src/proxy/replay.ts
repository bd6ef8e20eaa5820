import { type CachedAnswer, cachedHeaders } from '@tollgate/core/internal';
import type { AnswerWriter, AttemptResult } from '../exchange/attempt-interface.js';
import { answerHeaders } from '../exchange/response-headers.js';
import type { AnswerTranslation } from '../translate/answer-translation.js';

const nothing = new Uint8Array(0);

/** In place of an attempt: writes an answer that was paid for before, as the provider's own would be. Nothing is sent. */
export function replay(
  cached: CachedAnswer,
  answer: AnswerWriter,
  translation: AnswerTranslation | undefined,
): AttemptResult {
  const { contentType, body } = cached;
  const kind = /^text\/event-stream\b/i.test(contentType) ? 'events' : 'whole';
  const headers = answerHeaders(200, { 'content-type': contentType }, kind);
  answer.begin(200, { ...headers, ...cachedHeaders(cached) }, kind);
  translation?.begin(200, contentType);
  answer.write(translation ? translation.push(body) : body);
  return {
    outcome: 'ok',
    status: 200,
    sent: false,
    error: undefined,
    stopped: false,
    tail: translation?.end(nothing) ?? nothing,
    credentialRefused: false,
    retryAfterMs: undefined,
    retryUseless: false,
    firstByteMs: undefined,
    latencyMs: 0,
    receivedBytes: 0,
  };
}
