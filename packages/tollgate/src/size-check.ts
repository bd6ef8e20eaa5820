import type { BudgetMiddleware } from '@tollgate/budget';
import {
  type Caller,
  contextOf,
  type GuardOptions,
  isTollgateError,
  type Limit,
  refuse,
  runInContext,
  TollgateError,
} from '@tollgate/core';
import { leastInputTokens, type MeterOptions } from '@tollgate/meter';
import type { RequestHandler } from 'express';

/**
 * Refuses calls whose text alone is larger than a whole limit on tokens of the caller, before anything looks at the text: `budget()` would
 * refuse them in any case, after all that work. Reads the parsed body and `caller`; refuses with 400 `request_exceeds_limit`.
 */
export function sizeCheck(
  budget: Pick<BudgetMiddleware, 'limitsOf'>,
  meterOptions: MeterOptions | undefined,
  answer: Omit<GuardOptions, 'mode'>,
): RequestHandler {
  return function sizeCheckMiddleware(req, res, next) {
    const context = contextOf(req, res);
    const limit = context.caller && narrowest(budget, context.caller);
    const tokens = limit ? leastInputTokens(req, meterOptions) : 0;
    if (limit && tokens > limit.amount) refuse(req, res, next, tooLarge(limit), answer);
    else runInContext(context, next);
  };
}

/** The smallest limit that counts input tokens and refuses. None for a plan that is unknown: `budget()` refuses that by name. */
function narrowest(budget: Pick<BudgetMiddleware, 'limitsOf'>, caller: Caller): Limit | undefined {
  let least: Limit | undefined;
  for (const limit of limitsOf(budget, caller)) {
    if (limit.soft || (limit.unit !== 'tokens' && limit.unit !== 'inputTokens')) continue;
    if (!least || limit.amount < least.amount) least = limit;
  }
  return least;
}

function limitsOf(budget: Pick<BudgetMiddleware, 'limitsOf'>, caller: Caller): readonly Limit[] {
  try {
    return budget.limitsOf(caller);
  } catch (error) {
    if (isTollgateError(error)) return [];
    throw error;
  }
}

function tooLarge({ scope, name, amount }: Limit): TollgateError {
  const isOwn = scope.includes('key') || scope.includes('tenant') || scope.includes('user');
  const figure = isOwn ? ` The limit "${name}" is ${amount} tokens.` : '';
  return new TollgateError({
    status: 400,
    code: 'request_exceeds_limit',
    message: `This request is larger than ${isOwn ? 'the whole' : 'a'} limit.${figure}`,
    retryAfterMs: false,
  });
}
