import type { BudgetMiddleware } from '@tollgate/budget';
import {
  type Caller,
  contextOf,
  formatUsd,
  isTollgateError,
  type Limit,
  type Plans,
  refuse,
  TollgateError,
} from '@tollgate/core';
import { type GuardOptions, runInContext } from '@tollgate/core/internal';
import type { MeterOptions } from '@tollgate/meter';
import { leastInputCost, leastInputTokens, tooSmallToPrice } from '@tollgate/meter/internal';
import type { Request, RequestHandler } from 'express';

/** The dependencies of the check. */
export interface SizeCheckParts {
  readonly budget: Pick<BudgetMiddleware, 'limitsOf'>;
  readonly plans: Plans;
  readonly meter: MeterOptions | undefined;
  readonly answer: Omit<GuardOptions, 'mode'>;
}

const countsInput: readonly string[] = ['tokens', 'inputTokens'];

/**
 * Refuses calls whose text alone exceeds a whole limit of the caller on tokens or money, before the text is inspected: `budget()` would
 * refuse them in any case, after all that work. Money is checked where the plan has no cheaper models to fall back to. Reads the parsed
 * body and `caller`; refuses with 400 `request_exceeds_limit`.
 */
export function sizeCheck({ budget, plans, meter, answer }: SizeCheckParts): RequestHandler {
  const costOf = leastInputCost(meter);
  return function sizeCheckMiddleware(req, res, next) {
    const context = contextOf(req, res);
    const limits = context.caller ? limitsOf(budget, context.caller) : [];
    const money = narrowest(limits, ['usd']);
    const limit = narrowest(limits, countsInput);
    const isSmall = mostTokens(req) <= Math.min(limit?.amount ?? Infinity, tooSmallToPrice);
    const tokens = isSmall || !(limit ?? money) ? 0 : leastInputTokens(req, meter);
    if (limit && tokens > limit.amount) refuse(req, res, next, tooLarge(limit), answer);
    else if (
      money &&
      plans[context.caller?.plan ?? '']?.degrade.length === 0 &&
      costOf(req, tokens) > money.amount
    ) {
      refuse(req, res, next, tooLarge(money), answer);
    } else runInContext(context, next);
  };
}

/** The most tokens that a body's texts can have. `Infinity` where its length is known only when it is decoded. */
function mostTokens({ headers }: Request): number {
  const length = headers['content-encoding'] === undefined ? headers['content-length'] : undefined;
  // A byte that is not UTF-8 becomes a character of three.
  return length === undefined ? Infinity : 3 * Number(length);
}

/** The smallest of the hard limits in these units. */
function narrowest(limits: readonly Limit[], units: readonly string[]): Limit | undefined {
  let least: Limit | undefined;
  for (const limit of limits) {
    if (!limit.soft && units.includes(limit.unit) && (!least || limit.amount < least.amount)) least = limit;
  }
  return least;
}

/** None for a plan that is unknown: `budget()` refuses that by name. */
function limitsOf(budget: Pick<BudgetMiddleware, 'limitsOf'>, caller: Caller): readonly Limit[] {
  try {
    return budget.limitsOf(caller);
  } catch (error) {
    if (isTollgateError(error)) return [];
    throw error;
  }
}

function tooLarge({ scope, name, amount, unit }: Limit): TollgateError {
  const isOwn = scope.includes('key') || scope.includes('tenant') || scope.includes('user');
  const figure = isOwn
    ? ` The limit "${name}" is ${unit === 'usd' ? `$${formatUsd(amount)}` : `${amount} tokens`}.`
    : '';
  return new TollgateError({
    status: 400,
    code: 'request_exceeds_limit',
    message: `This request is larger than ${isOwn ? 'the whole' : 'a'} limit.${figure}`,
    retryAfterMs: false,
  });
}
