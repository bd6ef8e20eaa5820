import { createHash } from 'node:crypto';
import { idTimeMs } from './id.js';
import type { EventCharge, UsageEvent } from './usage-event.js';

/** The event of an attempt whose end nobody saw, as it is written when its lease is reaped. */
export function uncertainEvent(
  skeleton: UsageEvent,
  charges: readonly EventCharge[],
  nowMs: number,
): UsageEvent {
  return { ...skeleton, uncertain: true, charges, time: new Date(nowMs).toISOString() };
}

/**
 * The event that corrects another by the signed difference, once the truth is known: all figures of both add up to the truth.
 * The same pair always gives the same event id, with the time of the first event's, so that it lands in the same month.
 */
export function adjustmentEvent(
  written: UsageEvent,
  truth: UsageEvent,
  charges: readonly EventCharge[],
): UsageEvent {
  return {
    ...truth,
    eventId: adjustmentId(written.eventId),
    kind: 'adjustment',
    adjusts: written.eventId,
    inputTokens: truth.inputTokens - written.inputTokens,
    cachedInputTokens: truth.cachedInputTokens - written.cachedInputTokens,
    cacheWriteTokens: truth.cacheWriteTokens - written.cacheWriteTokens,
    outputTokens: truth.outputTokens - written.outputTokens,
    reasoningTokens: truth.reasoningTokens - written.reasoningTokens,
    cacheWrite1hTokens: difference(truth.cacheWrite1hTokens, written.cacheWrite1hTokens),
    inputAudioTokens: difference(truth.inputAudioTokens, written.inputAudioTokens),
    outputAudioTokens: difference(truth.outputAudioTokens, written.outputAudioTokens),
    toolRequests: toolDifferences(truth.toolRequests, written.toolRequests),
    costNanoUsd: String(BigInt(truth.costNanoUsd) - BigInt(written.costNanoUsd)),
    charges,
  };
}

function difference(truth = 0, written = 0): number | undefined {
  return truth === written ? undefined : truth - written;
}

function toolDifferences(
  truth: UsageEvent['toolRequests'] = {},
  written: UsageEvent['toolRequests'] = {},
): UsageEvent['toolRequests'] {
  const names = [...new Set([...Object.keys(truth), ...Object.keys(written)])];
  const changed = names.filter((name) => truth[name] !== written[name]);
  if (changed.length === 0) return undefined;
  return Object.fromEntries(changed.map((name) => [name, (truth[name] ?? 0) - (written[name] ?? 0)]));
}

/** A UUIDv7 made of the other id's time and a hash of it; another for each `reason` to correct it. */
export function adjustmentId(eventId: string, reason = 'adjustment'): string {
  const time = (idTimeMs(eventId) ?? 0).toString(16).padStart(12, '0');
  const hash = createHash('sha256').update(`${reason}:${eventId}`).digest('hex');
  const variant = ((Number.parseInt(hash.slice(3, 4), 16) & 0x3) | 0x8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hash.slice(0, 3)}-${variant}${hash.slice(4, 7)}-${hash.slice(7, 19)}`;
}
