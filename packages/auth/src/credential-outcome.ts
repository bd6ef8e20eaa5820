import { type Caller, isTollgateError, type TollgateError } from '@tollgate/core';
import type { Request } from 'express';

/** The caller that a strategy of ours has found, or why it refused, by request. */
export const outcomes = new WeakMap<object, Caller | TollgateError>();

/** The latest result of a Tollgate strategy for this request. */
export function outcomeOf(req: Request): Caller | TollgateError | undefined {
  return outcomes.get(req);
}

/** Why a strategy of ours refused this request: for the error handler of an app that drives passport itself. */
export function credentialFailureOf(req: Request): TollgateError | undefined {
  const outcome = outcomes.get(req);
  return isTollgateError(outcome) ? outcome : undefined;
}
