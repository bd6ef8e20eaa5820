import type { TollgateContext } from '@tollgate/core';
import { publish, type SettledCall, type WireApi } from '@tollgate/core/internal';
import type { AttemptResult } from '../exchange/attempt-interface.js';
import type { StepReason } from '../resilience/step.js';

/** Which attempt it was. */
export interface AttemptNames {
  readonly provider: string;
  readonly api: WireApi | 'models';
  readonly call?: SettledCall | undefined;
  /** Why it was made. */
  readonly reason?: StepReason | undefined;
}

/** Publishes `tollgate:upstream`: ids and numbers of one exchange with a provider. */
export function publishAttempt(context: TollgateContext, result: AttemptResult, names: AttemptNames): void {
  publish('tollgate:upstream', () => ({
    requestId: context.requestId,
    tenant: context.caller?.tenant,
    callId: names.call?.id,
    attemptId: names.call?.attemptId,
    attempt: names.call?.attempt ?? 1,
    provider: names.provider,
    api: names.api,
    reason: names.reason,
    model: names.call?.parsed?.model,
    stream: names.call?.parsed?.stream,
    status: result.status,
    outcome: result.outcome,
    sent: result.sent,
    code: result.error?.code,
    latencyMs: result.latencyMs,
    firstByteMs: result.firstByteMs,
    receivedBytes: result.receivedBytes,
    credential_refused: result.credentialRefused,
  }));
}
