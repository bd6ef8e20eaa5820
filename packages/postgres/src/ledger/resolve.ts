import type { QuotaStore, UsageEvent } from '@tollgate/core';
import {
  accepts,
  adjusted,
  adjustmentEvent,
  adjustmentId,
  checkOptions,
  type EventCharge,
  estimateIn,
} from '@tollgate/core/internal';
import type { Database } from '../connection/database.js';
import { EventWriter } from './event-writer.js';
import { type KnownAttempt, knownAttempt } from './unresolved.js';

/** An attempt's usage, or its upper bound. Integers of 0 or more. */
export interface ResolvedUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costNanoUsd: number;
}

/** New facts about an attempt whose end was unknown. */
export interface Resolution {
  /** Id of its usage event. */
  eventId: string;
  /** The actual usage: nothing stays unresolved. Either this or `atMost`. */
  actual?: ResolvedUsage;
  /** A bound: counters are lowered to it, the estimate stays. */
  atMost?: ResolvedUsage;
  /** Whose counters are corrected. Absent: the ledger alone, and counters when they are rebuilt from it. */
  store?: QuotaStore;
  /** The clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** The changes made by a resolution. */
export interface Resolved {
  /** `false`: there was nothing left to resolve, or another process has resolved it at the same time. */
  readonly changed: boolean;
  readonly eventId: string;
  readonly costNanoUsd: string;
  readonly unresolvedNanoUsd: string;
}

const usageChecks = {
  inputTokens: accepts.wholeNumber,
  outputTokens: accepts.wholeNumber,
  costNanoUsd: accepts.wholeNumber,
};

/**
 * Corrects an attempt whose end was unknown, once more is known: the one operation that lowers counters. First the ledger gets an
 * adjusting row, whose id follows from the event and the number of its corrections; only if that row is new are the counters of windows
 * that are still open corrected, never below 0. A crash in between leaves counters too high. Doing it twice is as once. Throws a
 * `TypeError` for wrong options, rejects with a `RangeError` where the ledger has no such event.
 */
export async function resolve(database: Database, resolution: Resolution): Promise<Resolved> {
  checkOptions<Resolution>(
    'resolve',
    resolution,
    {
      eventId: accepts.string,
      actual: accepts.object,
      atMost: accepts.object,
      store: accepts.methods('read'),
      now: accepts.function,
    },
    ['eventId'],
  );
  const { eventId, actual, atMost, store, now = Date.now } = resolution;
  const figures = actual ?? atMost;
  if (!figures || (actual && atMost)) {
    throw new TypeError('resolve: exactly one of "actual" and "atMost" is required');
  }
  checkOptions<ResolvedUsage>('resolve', figures, usageChecks, [
    'inputTokens',
    'outputTokens',
    'costNanoUsd',
  ]);
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(eventId)) throw unknownEvent(eventId);
  const known = await knownAttempt(database, eventId);
  if (!known) throw unknownEvent(eventId);
  const { event } = known;
  const truth = actual ? asUsed(event, actual) : asBound(event, figures);
  const correction = correctionOf(known, truth, now());
  const after = (changed: boolean, of: UsageEvent): Resolved => ({
    changed,
    eventId: event.eventId,
    costNanoUsd: of.costNanoUsd,
    unresolvedNanoUsd: of.unresolvedNanoUsd ?? '0',
  });
  if (!correction) return after(false, event);
  const writer = new EventWriter(database);
  const request = {
    id: correction.eventId,
    partition: event.tenant,
    charges: correction.charges.filter(({ amount }) => amount !== 0),
    recorded: () => writer.writeNew(correction),
  };
  const isNew = await (store ? adjusted(store, request) : request.recorded());
  return after(isNew, isNew ? truth : event);
}

/** The event with its actual figures: every counter is charged the actual usage, in the windows that were charged. */
function asUsed(event: UsageEvent, actual: ResolvedUsage): UsageEvent {
  const figures = { ...actual, costNanoUsd: String(actual.costNanoUsd) };
  const left = new Map<string, number>();
  const last = new Map(event.charges.map(({ counter }, index) => [counter, index]));
  const charges = event.charges.map(({ counter, window, amount }, index): EventCharge => {
    const used = left.get(counter) ?? estimateIn(counter, figures);
    // Requests keep their charge.
    if (used === undefined) return { counter, window, amount };
    const taken = last.get(counter) === index ? used : Math.min(used, amount);
    left.set(counter, used - taken);
    return { counter, window, amount: taken };
  });
  return {
    ...event,
    ...figures,
    reasoningTokens: Math.min(event.reasoningTokens, actual.outputTokens),
    cachedInputTokens: Math.min(event.cachedInputTokens, actual.inputTokens),
    cacheWriteTokens: Math.min(event.cacheWriteTokens, actual.inputTokens),
    source: 'provider',
    uncertain: false,
    unresolvedNanoUsd: '0',
    charges,
  };
}

/** The event with its estimate, and no more unresolved than the bound leaves. */
function asBound(event: UsageEvent, bound: ResolvedUsage): UsageEvent {
  const figures = { ...bound, costNanoUsd: String(bound.costNanoUsd) };
  const left = new Map<string, number>();
  const charges = event.charges.map(({ counter, window, amount, unresolved = 0 }): EventCharge => {
    const most = left.get(counter) ?? estimateIn(counter, figures);
    if (most === undefined) return { counter, window, amount };
    const known = amount - unresolved;
    const kept = Math.min(amount, Math.max(known, most));
    left.set(counter, Math.max(0, most - kept));
    return { counter, window, amount: kept, unresolved: kept - known };
  });
  const beyond = BigInt(bound.costNanoUsd) - BigInt(event.costNanoUsd);
  const open = BigInt(event.unresolvedNanoUsd ?? 0);
  const unresolvedNanoUsd = String(beyond < 0n ? 0n : beyond < open ? beyond : open);
  return { ...event, charges, unresolvedNanoUsd };
}

/** The row that corrects the ledger's figures to the actual ones; `undefined` where they are the same. */
function correctionOf(
  { event, corrections }: KnownAttempt,
  truth: UsageEvent,
  nowMs: number,
): UsageEvent | undefined {
  const then = new Map(event.charges.map((charge) => [`${charge.counter}|${charge.window}`, charge]));
  const charges = truth.charges.flatMap(({ counter, window, amount, unresolved = 0 }): EventCharge[] => {
    const before = then.get(`${counter}|${window}`);
    const by = amount - (before?.amount ?? 0);
    const open = unresolved - (before?.unresolved ?? 0);
    return by === 0 && open === 0 ? [] : [{ counter, window, amount: by, unresolved: open }];
  });
  const correction: UsageEvent = {
    ...adjustmentEvent({ ...event, uncertain: false }, truth, []),
    eventId: adjustmentId(event.eventId, `resolve ${corrections}`),
    unresolvedNanoUsd: String(BigInt(truth.unresolvedNanoUsd ?? 0) - BigInt(event.unresolvedNanoUsd ?? 0)),
    time: new Date(nowMs).toISOString(),
    charges,
  };
  const isSame =
    charges.length === 0 &&
    correction.costNanoUsd === '0' &&
    correction.unresolvedNanoUsd === '0' &&
    correction.inputTokens === 0 &&
    correction.outputTokens === 0;
  return isSame ? undefined : correction;
}

const unknownEvent = (eventId: string): RangeError =>
  new RangeError(`the ledger has no usage event ${JSON.stringify(eventId.slice(0, 64))}`);
