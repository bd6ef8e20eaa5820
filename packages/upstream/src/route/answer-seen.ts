import type { SettledCall } from '@tollgate/core/internal';
import type { Target } from '../call/target.js';
import type { AttemptResult } from '../exchange/attempt-interface.js';

/** Measurements of one response of a model. */
export interface AnswerSeen {
  readonly provider: string;
  readonly model: string | undefined;
  readonly task: string;
  /** Until the output of a stream began, in milliseconds; absent for a response in one piece. */
  readonly firstTokenMs: number | undefined;
  /** Without the wait for the first; `undefined` where the response is too short to measure. */
  readonly tokensPerSecond: number | undefined;
  /** 0: unknown. */
  readonly outputTokens: number;
}

/** Tokens needed to measure a speed. */
const enoughTokens = 8;

/** Reads it off an attempt that was answered, once it is settled. */
export function answerSeen(
  { parsed, firstOutputAtMs, startedAtMs = 0, settlement }: Partial<SettledCall>,
  { latencyMs, firstByteMs }: Pick<AttemptResult, 'latencyMs' | 'firstByteMs'>,
  { target, streams, task }: { readonly target: Target; readonly streams: boolean; readonly task: string },
): AnswerSeen {
  const firstTokenMs =
    firstOutputAtMs === undefined ? firstByteMs : Math.max(0, firstOutputAtMs - startedAtMs);
  const outputTokens = settlement?.usage.outputTokens ?? 0;
  const spokenMs = latencyMs - (streams ? (firstTokenMs ?? 0) : 0);
  return {
    provider: target.name,
    model: parsed?.model ?? target.model,
    task,
    firstTokenMs: streams ? firstTokenMs : undefined,
    tokensPerSecond:
      outputTokens >= enoughTokens && spokenMs > 0 ? (outputTokens * 1_000) / spokenMs : undefined,
    outputTokens,
  };
}
