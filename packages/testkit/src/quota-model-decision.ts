import type {
  CounterState,
  QuotaAlternative,
  QuotaCharge,
  QuotaCounter,
  QuotaRefusal,
} from '@tollgate/core/internal';
import type { ModelBooks } from './quota-model-books.js';
import type { ModelLease } from './quota-model-lease.js';
import { windowEndMs, windowIdAt } from './quota-model-window.js';

type Reason = 'size' | 'used' | 'held';

/** Who asks, where a lease exists already. */
interface ModelAsking {
  readonly lease: ModelLease;
  readonly covers: boolean;
}

/** A charge that does not fit, and the window in which it was checked. */
interface Misfit {
  readonly charge: QuotaCharge;
  readonly index: number;
  readonly window: string;
}

/** A counter's state in a window. */
export function modelState(
  books: ModelBooks,
  counter: QuotaCounter,
  window: string,
  nowMs: number,
): CounterState {
  const used = books.used(counter, window, nowMs);
  const held = books.held(counter, window, nowMs);
  const { unit, limit } = counter;
  let resetsAtMs: number | undefined;
  if (counter.window.kind === 'calendar') resetsAtMs = windowEndMs(counter, window);
  if (counter.window.kind === 'bucket') resetsAtMs = nowMs + refillTime(books, counter, 0, nowMs);
  const left = Math.max(0, limit - used - held);
  return { counter: counter.counter, window, unit, limit, used, held, left, resetsAtMs };
}

/** Tries each alternative in turn, each of its charges by itself. */
export function modelDecision(
  books: ModelBooks,
  alternatives: readonly QuotaAlternative[],
  nowMs: number,
  asking?: ModelAsking,
): { alternative: number; granted: number[] } | QuotaRefusal {
  let misfits: Misfit[] = [];
  for (const [alternative, { charges }] of alternatives.entries()) {
    misfits = [];
    const granted: number[] = [];
    for (const [index, charge] of charges.entries()) {
      const window = windowFor(charge, nowMs, asking);
      const grant = grantOf(books, charge, window, nowMs, asking);
      if (grant === 'misfit') misfits.push({ charge, index, window });
      else granted.push(grant);
    }
    if (misfits.length === 0) return { alternative, granted };
  }
  return refusalOf(books, misfits, nowMs);
}

function holdsOf(charge: QuotaCharge, asking?: ModelAsking): ModelLease['holds'] {
  return asking?.lease.holds.filter((hold) => hold.counter.counter === charge.counter) ?? [];
}

/** Amounts already held for an attempt that needs no more count in the window that admitted it. */
function windowFor(charge: QuotaCharge, nowMs: number, asking?: ModelAsking): string {
  const kept = asking?.covers && charge.want === 0 ? holdsOf(charge, asking).at(-1)?.window : undefined;
  return kept ?? windowIdAt(charge, nowMs);
}

function grantOf(
  books: ModelBooks,
  charge: QuotaCharge,
  window: string,
  nowMs: number,
  asking?: ModelAsking,
): number | 'misfit' {
  const { want, min = want, onlyBelow, limit, soft } = charge;
  const holds = holdsOf(charge, asking);
  if (charge.window.kind === 'live' && holds.some(({ amount }) => amount > 0)) return 0;
  const { used, held } = modelState(books, charge, window, nowMs);
  if (onlyBelow !== undefined && used + held >= onlyBelow * limit) return 'misfit';
  if (soft) return want;
  if (want === 0) return asking?.covers || used < limit ? 0 : 'misfit';
  const left = limit - used - held;
  if (left >= want) return want;
  if (min === 0 && left <= 0) return used < limit ? 0 : 'misfit';
  return left >= min ? left : 'misfit';
}

/** The most that may be used (and held) for a charge to fit. */
function roomNeeded({ want, min = want, limit, onlyBelow, soft }: QuotaCharge): number {
  const bySize = soft ? Number.POSITIVE_INFINITY : limit - Math.max(1, min);
  if (onlyBelow === undefined) return bySize;
  let byShare = limit;
  while (byShare >= onlyBelow * limit) byShare -= 1;
  return Math.min(bySize, byShare);
}

function refusalOf(books: ModelBooks, misfits: readonly Misfit[], nowMs: number): QuotaRefusal {
  const facts = misfits.map(({ charge, index, window }) => {
    const state = modelState(books, charge, window, nowMs);
    const room = roomNeeded(charge);
    const reason: Reason = room < 0 ? 'size' : state.used > room ? 'used' : 'held';
    let waitMs: number | undefined;
    if (charge.window.kind === 'calendar') waitMs = Math.max(0, (state.resetsAtMs ?? 0) - nowMs);
    if (charge.window.kind === 'bucket') waitMs = refillTime(books, charge, room, nowMs);
    return { index, state, reason, waitMs };
  });
  const blockedBy = (['size', 'used', 'held'] as const).find((one) =>
    facts.some(({ reason }) => reason === one),
  );
  const alike = facts.filter(({ reason }) => reason === blockedBy);
  const latest = Math.max(...alike.map(({ state }) => state.resetsAtMs ?? 0));
  const binding = alike.find(({ state }) => (state.resetsAtMs ?? 0) === latest);
  const waits = alike.flatMap(({ waitMs }) => (waitMs === undefined ? [] : [waitMs]));
  return {
    blockedBy: blockedBy ?? 'held',
    state: binding?.state,
    charge: binding?.index,
    retryAfterMs: blockedBy === 'size' || waits.length === 0 ? undefined : Math.max(...waits),
  };
}

/** Milliseconds until no more than `most` is drawn from a bucket. */
function refillTime(books: ModelBooks, counter: QuotaCounter, most: number, nowMs: number): number {
  if (counter.window.kind !== 'bucket') return 0;
  const surplus = books.parts(counter, nowMs) - BigInt(Math.max(0, most)) * BigInt(counter.window.periodMs);
  const rate = BigInt(counter.window.rate);
  return surplus <= 0n ? 0 : Number((surplus + rate - 1n) / rate);
}
