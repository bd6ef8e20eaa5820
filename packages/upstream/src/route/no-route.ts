import { TollgateError } from '@tollgate/core';
import type { RouteDecision } from './route-inputs.js';

/** The refusal of a request that no model may, or can, serve; by the reason that excluded the last of them. */
export function noRouteError(task: string, { excluded }: RouteDecision): TollgateError {
  const why = Object.values(excluded);
  const mayBe = why.filter((one) => one !== 'not-allowed');
  if (mayBe.length === 0) {
    return new TollgateError({
      status: 403,
      code: 'model_not_allowed',
      param: 'model',
      message: `No model for tasks of kind ${task} is part of this plan.`,
      retryAfterMs: false,
    });
  }
  if (mayBe.includes('no-price')) {
    return new TollgateError({
      status: 400,
      code: 'model_not_priced',
      param: 'model',
      message: `No model for tasks of kind ${task} has a price.`,
      retryAfterMs: false,
    });
  }
  if (!mayBe.includes('other-format')) {
    return new TollgateError({
      status: 403,
      code: 'model_not_allowed',
      param: 'model',
      message: `The models of this plan are not good enough for tasks of kind ${task}.`,
      retryAfterMs: false,
    });
  }
  return new TollgateError({
    status: 404,
    code: 'not_found',
    param: 'model',
    message: `No model for tasks of kind ${task} takes requests of this format.`,
    retryAfterMs: false,
  });
}
