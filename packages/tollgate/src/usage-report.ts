import type { BudgetMiddleware } from '@tollgate/budget';
import {
  contextOf,
  counterOf,
  formatUsd,
  guarded,
  isTollgateError,
  type Limit,
  type QuotaStore,
  refuse,
} from '@tollgate/core';
import { type CounterState, isOfCaller, withinDeadline } from '@tollgate/core/internal';
import type { Ledger } from '@tollgate/postgres';
import type { LimitStatus, RateLimitMiddleware } from '@tollgate/rate-limit';
import type { Request, RequestHandler } from 'express';
import { needsKey, unreadable } from './usage-errors.js';

/** One limit of a caller as `GET /v1/usage` answers it. Money in dollars as decimal strings, the rest as integers. */
interface UsageLine {
  limit: string;
  unit: string;
  cap: string | number;
  used: string | number;
  held: string | number;
  left: string | number;
  /**
   * With a ledger: the part of `used` charged for calls whose end is unknown; `null` where the ledger does not return it in time. Absent
   * without one, and for windows of requests.
   */
  unresolved?: string | number | null;
  /** The part of `cap` before its overage; absent: there is no overage. */
  included?: string | number;
  /** ISO 8601; `null` where nothing is to be waited for: a bucket, places in flight, a window that begins with the next request. */
  resets_at: string | null;
  /** This limit has the smallest remaining share: it causes the next refusal. */
  binding: boolean;
}

/** Where a caller's limits are counted. */
export interface UsageSources {
  readonly budget: Pick<BudgetMiddleware, 'limitsOf'>;
  readonly store: QuotaStore;
  /** Absent: requests are not counted by windows. */
  readonly rateLimit: Pick<RateLimitMiddleware, 'limitStatus'> | undefined;
  /** Absent: unresolved amounts are unknown. */
  readonly ledger: Pick<Ledger, 'unresolvedIn'> | undefined;
}

/** The ledger may be away, or its tables not made yet: counters are answered without it. */
const ledgerMs = 300;
/** Requests for the report cost nothing, so the ledger is asked once in this time for the same counters. */
const rememberedMs = 5_000;
const mostRemembered = 1_000;

/**
 * Reports the caller's used and remaining amounts, limit by limit, windows of requests last; counts nothing and is never blocked by a
 * budget. Limits by route or model, and those of all callers together, are left out: they depend on a call, or belong to others too.
 */
export function usageReport(sources: UsageSources): RequestHandler {
  const unresolved = sources.ledger && new Unresolved(sources.ledger);
  return guarded('usageReport', async (req, res, next) => {
    const { caller } = contextOf(req, res);
    if (!caller) return refuse(req, res, next, needsKey());
    let limits: readonly UsageLine[];
    try {
      limits = await linesOf(req, sources, unresolved);
    } catch (error) {
      return refuse(req, res, next, isTollgateError(error) ? error : unreadable(error));
    }
    res.json({
      object: 'usage',
      plan: caller.plan,
      tenant: caller.tenant,
      team: caller.team ?? null,
      user: caller.user ?? null,
      key_id: caller.keyId ?? null,
      child_id: caller.childId ?? null,
      limits,
    });
  });
}

async function linesOf(
  req: Request,
  { budget, store, rateLimit }: UsageSources,
  unresolved: Unresolved | undefined,
): Promise<UsageLine[]> {
  const { caller } = req.tollgate;
  if (!caller) return [];
  const mine = budget.limitsOf(caller).filter(isOfCaller);
  const counters = mine.map((limit) => counterOf(limit, { caller, req }));
  const [states, windows] = await Promise.all([
    store.read(caller.tenant, counters),
    rateLimit?.limitStatus(req) ?? [],
  ]);
  const open = await unresolved?.of(caller.tenant, states);
  const shares = [
    ...states.map(({ left, limit }) => shareOf(left, limit)),
    ...windows.map(({ left, quota }) => shareOf(left, quota)),
  ];
  const tightest = shares.indexOf(Math.min(...shares));
  return [
    ...states.map((state, index) => ({
      ...line(mine[index]?.name ?? '', state),
      ...includedIn(mine[index], state),
      ...(open && { unresolved: shownIn(state, open[index]) }),
    })),
    ...windows.map(requestsLine),
  ].map((one, index) => ({ ...one, binding: index === tightest }));
}

const shareOf = (left: number, cap: number): number => (cap === 0 ? 0 : left / cap);
const momentOf = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(ms).toISOString();

/** Unresolved amounts of counters, read from a ledger at intervals; empty where it has none. */
class Unresolved {
  readonly #asked = new Map<
    string,
    { readonly atMs: number; readonly amounts: Promise<readonly number[]> }
  >();

  constructor(private readonly ledger: Pick<Ledger, 'unresolvedIn'>) {}

  of(tenant: string, states: readonly CounterState[]): Promise<readonly number[]> {
    const windows = states.map(({ counter, window }) => ({ counter, window }));
    const name = JSON.stringify([tenant, windows]);
    const nowMs = performance.now();
    const known = this.#asked.get(name);
    if (known && nowMs - known.atMs < rememberedMs) return known.amounts;
    this.#asked.delete(name);
    const [oldest] = this.#asked.size >= mostRemembered ? this.#asked.keys() : [];
    if (oldest !== undefined) this.#asked.delete(oldest);
    const told = this.ledger.unresolvedIn(tenant, windows);
    const amounts = withinDeadline(ledgerMs, told, () => new Error('late')).catch(() => []);
    this.#asked.set(name, { atMs: nowMs, amounts });
    return amounts;
  }
}

function includedIn(limit: Limit | undefined, { unit }: CounterState): Pick<UsageLine, 'included'> {
  const { included } = limit ?? {};
  if (included === undefined) return {};
  return { included: unit === 'usd' ? formatUsd(included) : included };
}

function shownIn({ unit }: CounterState, amount: number | undefined): string | number | null {
  if (amount === undefined) return null;
  return unit === 'usd' ? formatUsd(amount) : amount;
}

function line(limit: string, state: CounterState): Omit<UsageLine, 'binding'> {
  const shown = (amount: number): string | number => (state.unit === 'usd' ? formatUsd(amount) : amount);
  return {
    limit,
    unit: state.unit,
    cap: shown(state.limit),
    used: shown(state.used),
    held: shown(state.held),
    left: shown(state.left),
    resets_at: momentOf(state.resetsAtMs),
  };
}

function requestsLine({ name, quota, used, left, resetsAtMs }: LimitStatus): Omit<UsageLine, 'binding'> {
  return { limit: name, unit: 'requests', cap: quota, used, held: 0, left, resets_at: momentOf(resetsAtMs) };
}
