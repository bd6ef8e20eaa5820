import {
  type CounterState,
  contextOf,
  counterOf,
  formatUsd,
  guarded,
  type Limit,
  limitsFor,
  type Plans,
  planOf,
  type QuotaStore,
  refuse,
  TollgateError,
} from '@tollgate/core';
import type { RequestHandler } from 'express';

/** One limit of a caller as `GET /v1/usage` answers it. Money in dollars as decimal strings, the rest as integers. */
export interface UsageLine {
  limit: string;
  unit: string;
  cap: string | number;
  used: string | number;
  held: string | number;
  left: string | number;
  resets_at: string | null;
  /** This limit has the least share left: the next refusal comes from it. */
  binding: boolean;
}

/**
 * Answers what the caller has used and has left, limit by limit; never blocked by a budget. Limits by route or model are left out: they
 * belong to a call, not to a caller.
 */
export function usageReport(plans: Plans, limits: readonly Limit[], store: QuotaStore): RequestHandler {
  return guarded('usageReport', async (req, res, next) => {
    const { caller } = contextOf(req, res);
    if (!caller) return refuse(req, res, next, notAuthenticated());
    const mine = [...limitsFor(planOf(plans, caller), caller).limits, ...limits].filter(belongsToCaller);
    const counters = mine.map((limit) => counterOf(limit, { caller, req }));
    let states: readonly CounterState[];
    try {
      states = await store.read(caller.tenant, counters);
    } catch (cause) {
      return refuse(req, res, next, unavailable(cause));
    }
    const shares = states.map(({ left, limit }) => (limit === 0 ? 0 : left / limit));
    const tightest = shares.indexOf(Math.min(...shares));
    res.json({
      object: 'usage',
      plan: caller.plan,
      tenant: caller.tenant,
      team: caller.team ?? null,
      user: caller.user ?? null,
      key_id: caller.keyId ?? null,
      child_id: caller.childId ?? null,
      limits: states.map((state, index) => line(mine[index]?.name ?? '', state, index === tightest)),
    });
  });
}

const ofCallers = new Set(['child', 'key', 'user', 'team', 'tenant']);

function belongsToCaller({ scope }: Limit): boolean {
  return scope.every((part) => typeof part === 'string' && ofCallers.has(part));
}

function line(limit: string, state: CounterState, binding: boolean): UsageLine {
  const shown = (amount: number): string | number => (state.unit === 'usd' ? formatUsd(amount) : amount);
  return {
    limit,
    unit: state.unit,
    cap: shown(state.limit),
    used: shown(state.used),
    held: shown(state.held),
    left: shown(state.left),
    resets_at: state.resetsAtMs === undefined ? null : new Date(state.resetsAtMs).toISOString(),
    binding,
  };
}

function notAuthenticated(): TollgateError {
  return new TollgateError({ status: 401, code: 'missing_api_key', message: 'This route needs a key.' });
}

function unavailable(cause: unknown): TollgateError {
  return new TollgateError({
    status: 503,
    code: 'store_unavailable',
    message: 'Usage cannot be read at the moment.',
    retryAfterMs: 2000,
    cause,
  });
}
