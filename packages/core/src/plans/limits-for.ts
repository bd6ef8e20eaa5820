import type { Caller } from './caller.js';
import type { Limit, RequestRate, ScopePart } from './limit.js';
import { reducedLimit, reducedRate } from './limit-reduction.js';
import type { Plan } from './plan.js';
import type { Window } from './window.js';

/** The limits of a plan or of a caller. */
type Limited = Pick<Plan, 'limits' | 'requests'>;

const nothing: Limited = Object.freeze({ limits: Object.freeze([]), requests: Object.freeze([]) });

/**
 * The limits that apply to a caller on a plan: the plan's, with the caller's own in their place, and the caller's additional ones, all of
 * them reduced where the caller's are. A replaced limit keeps its name, its counter (time zone, anchor day) and its softness; only the
 * amount is the caller's.
 */
export function limitsFor(
  plan: Limited | undefined,
  { limits: own, tightened }: Pick<Caller, 'limits' | 'tightened'>,
): Limited {
  const base = plan ?? nothing;
  const all = own
    ? { limits: placed(base.limits, own.limits), requests: placed(base.requests, own.requests) }
    : base;
  if (!tightened) return all;
  return {
    limits: all.limits.map((limit) => reducedLimit(limit, tightened)),
    requests: all.requests.map((rate) => reducedRate(rate, tightened)),
  };
}

/** Whether other limits than the plan's apply to a caller. The merged limits are cached by the caller's object. */
export const hasOwnLimits = ({ limits, tightened }: Pick<Caller, 'limits' | 'tightened'>): boolean =>
  limits !== undefined || tightened !== undefined;

/** The list with each of `own` in place of the limit that it replaces, or at the end. Of two of the same kind the later counts. */
export function placed<One extends Limit | RequestRate>(
  base: readonly One[],
  own: readonly One[],
): readonly One[] {
  const byKind = new Map<string, One>(own.map((one) => [kindOf(one), one]));
  const merged = base.map((one): One => {
    const instead = byKind.get(kindOf(one));
    if (!instead) return one;
    byKind.delete(kindOf(one));
    return inPlaceOf(one, instead);
  });
  return [...merged, ...byKind.values()];
}

function inPlaceOf<One extends Limit | RequestRate>(one: One, instead: One): One {
  const { amount } = instead;
  if ('sliding' in one) return { ...instead, name: one.name, sliding: one.sliding };
  if (!('window' in instead)) return instead;
  const window = one.window.kind === 'bucket' ? instead.window : one.window;
  // An override says how much is admitted; the overage was the plan's.
  return { ...one, amount, window, included: undefined };
}

/** The common properties of two limits that replace each other: unit, period and scope. */
export function kindOf(limit: Limit | RequestRate): string {
  const scope = limit.scope.map(scopeName).sort().join('+');
  return 'window' in limit
    ? `${limit.unit} ${periodOf(limit.window)} ${scope}`
    : `requests ${limit.windowMs} ${scope}`;
}

function periodOf(window: Window): string {
  if (window.kind === 'calendar') return window.period;
  return window.kind === 'bucket' ? `${window.periodMs}ms` : 'live';
}

function scopeName(part: ScopePart): string {
  return typeof part === 'string' ? part : part.name;
}
