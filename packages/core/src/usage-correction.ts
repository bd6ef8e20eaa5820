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
    costNanoUsd: String(BigInt(truth.costNanoUsd) - BigInt(written.costNanoUsd)),
    charges,
  };
}

/** A UUIDv7 made of the other id's time and a hash of it. */
export function adjustmentId(eventId: string): string {
  const time = (idTimeMs(eventId) ?? 0).toString(16).padStart(12, '0');
  const hash = createHash('sha256').update(`adjustment:${eventId}`).digest('hex');
  const variant = ((Number.parseInt(hash.slice(3, 4), 16) & 0x3) | 0x8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hash.slice(0, 3)}-${variant}${hash.slice(4, 7)}-${hash.slice(7, 19)}`;
}
