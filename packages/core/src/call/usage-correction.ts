import { createHash } from 'node:crypto';
import { idTimeMs } from '../lib/id.js';
import { unresolvedUsd, withUnresolved } from './unresolved.js';
import type { EventCharge, UsageEvent } from './usage-event.js';

/**
 * The event of an attempt whose end was not seen, written when its lease is reaped. `charged`: the charges of its counters; the part beyond
 * the skeleton's figures is unresolved.
 */
export function uncertainEvent(
  skeleton: UsageEvent,
  charged: readonly EventCharge[],
  nowMs: number,
): UsageEvent {
  const charges = withUnresolved(charged, skeleton);
  const unresolved = unresolvedUsd(charges);
  return {
    ...skeleton,
    uncertain: true,
    charges,
    unresolvedNanoUsd: unresolved === undefined ? skeleton.unresolvedNanoUsd : String(unresolved),
    time: new Date(nowMs).toISOString(),
  };
}

/**
 * The event that corrects another by the signed difference, once more is known of the attempt: the figures of both add up to the actual
 * ones. `corrections`: the changes of its counters. The same pair always gives the same event id, with the time of the first event's, so
 * that both are in the same month.
 */
export function adjustmentEvent(
  written: UsageEvent,
  truth: UsageEvent,
  corrections: readonly EventCharge[],
): UsageEvent {
  const before = chargedBefore(written, truth, corrections);
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
    unresolvedNanoUsd: String(
      BigInt(truth.unresolvedNanoUsd ?? 0) - BigInt(unresolvedUsd(before) ?? written.unresolvedNanoUsd ?? 0),
    ),
    charges: changesBetween(before, truth.charges),
  };
}

const placeOf = ({ counter, window }: EventCharge): string => `${counter}|${window}`;

/** The earlier charge to the first event's counters: the final amount minus the corrections. */
function chargedBefore(
  written: UsageEvent,
  truth: UsageEvent,
  corrections: readonly EventCharge[],
): EventCharge[] {
  const amounts = new Map<string, EventCharge>();
  const add = (charge: EventCharge, sign: 1 | -1): void => {
    const { counter, window, amount } = charge;
    const sum = (amounts.get(placeOf(charge))?.amount ?? 0) + sign * amount;
    amounts.set(placeOf(charge), { counter, window, amount: sum });
  };
  for (const charge of truth.charges) add(charge, 1);
  for (const charge of corrections) add(charge, -1);
  const charged = [...amounts.values()];
  return written.uncertain ? withUnresolved(charged, written) : charged;
}

/** Signed differences of amounts and of their unresolved parts, where there are any. */
function changesBetween(before: readonly EventCharge[], after: readonly EventCharge[]): EventCharge[] {
  const then = new Map(before.map((charge) => [placeOf(charge), charge]));
  const now = new Map(after.map((charge) => [placeOf(charge), charge]));
  const changes: EventCharge[] = [];
  for (const [place, { counter, window }] of new Map([...now, ...then])) {
    const amount = (now.get(place)?.amount ?? 0) - (then.get(place)?.amount ?? 0);
    const unresolved = (now.get(place)?.unresolved ?? 0) - (then.get(place)?.unresolved ?? 0);
    if (amount === 0 && unresolved === 0) continue;
    changes.push(unresolved === 0 ? { counter, window, amount } : { counter, window, amount, unresolved });
  }
  return changes;
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
