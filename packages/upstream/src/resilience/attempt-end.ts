/** The end of an attempt, with the facts that decide the next step. */
export interface AttemptEnd {
  /** The provider's status; 0: there was none. */
  readonly status: number;
  /** The request was on its way. */
  readonly sent: boolean;
  /** The answer is complete, or has been handed on. */
  readonly ok: boolean;
  /** Something of the answer has reached the client. */
  readonly visible: boolean;
  /** The client, its budget or a switch has ended it: no fault of the provider. */
  readonly stopped: boolean;
  /** Our own steps refused it before anything was sent. */
  readonly refused: boolean;
  /** The provider does not take the app's key. */
  readonly credentialRefused: boolean;
  /** The wait that the provider requests, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Until the head of the answer, in milliseconds. */
  readonly firstByteMs: number | undefined;
  /** The provider itself states that a retry is useless (`x-should-retry: false`). */
  readonly retryUseless: boolean;
}

/**
 * `final`: nothing more can be done. `refused`: by us. `key`: another key may do. `limited`: 429. `failed`: the provider failed, and
 * billed nothing. `uncertain`: it was asked and did not answer to the end, so that it may have billed.
 */
export type EndKind = 'ok' | 'final' | 'refused' | 'key' | 'limited' | 'failed' | 'uncertain';

/** Classifies the end of an attempt. */
export function kindOf(end: AttemptEnd): EndKind {
  if (end.ok) return 'ok';
  if (end.refused) return 'refused';
  if (end.stopped || end.visible) return 'final';
  if (end.credentialRefused) return 'key';
  if (end.status === 429) return 'limited';
  if (!end.sent || end.status === 408 || end.status >= 500) return 'failed';
  return end.status < 300 ? 'uncertain' : 'final';
}
