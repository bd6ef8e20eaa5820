import { KeyConduct } from './key-conduct.js';
import type { SubjectRecord } from './subject-record.js';

/** Columns of the row that the isolation forest sees of a key's request. */
export const requestFeatures = Object.freeze([
  'spendScore5Minutes',
  'spendScoreHour',
  'requestsScoreMinute',
  'costScore',
  'irregularity',
  'repetition',
  'outputToInput',
  'refusalShare',
  'errorShare',
  'promptEntropy',
  'newSteps',
] as const);

/** A key's request as numbers, each about its own usual: comparable from key to key. */
export function requestRow(record: SubjectRecord, nowMs: number): number[] {
  const [spend5, spendHour] = record.spend;
  const [requestsMinute] = record.requests;
  const scoreOf = (one: typeof spend5, unit: number): number =>
    one ? (one.compare(nowMs, unit)?.score ?? 0) : 0;
  const conduct = record.conduct ?? new KeyConduct();
  const { tokens, outputTokens, rhythm, steps } = conduct;
  const attempts = Math.max(conduct.attempts.sum(nowMs), 1);
  const refusals = conduct.failed(nowMs, 'refusals');
  const output = outputTokens.sum(nowMs);
  const input = Math.max(tokens.sum(nowMs) - output, 1);
  return [
    scoreOf(spend5, record.usdUnit),
    scoreOf(spendHour, record.usdUnit),
    scoreOf(requestsMinute, 1),
    record.costs.compare()?.score ?? 0,
    Math.min(rhythm.irregularity, 4),
    rhythm.repetition ?? 0,
    Math.log1p(output / input),
    refusals / (attempts + refusals),
    conduct.failed(nowMs, 'errors') / attempts,
    rhythm.entropy,
    steps.newShare,
  ];
}
