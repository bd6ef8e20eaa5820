import { refuse } from '@tollgate/core';
import type { GuardOptions } from '@tollgate/core/internal';
import type { NextFunction, Request, Response } from 'express';
import type { AttemptResult } from '../exchange/attempt-interface.js';
import { upstreamError } from '../exchange/errors.js';
import type { ClientAnswer } from './client-answer.js';

/** Ends the client's answer as the last attempt ended: complete, refused, or broken off with an error event. */
export function finishAnswer(
  req: Request,
  res: Response,
  next: NextFunction,
  answer: ClientAnswer,
  result: AttemptResult,
  options: Required<Pick<GuardOptions, 'refusals' | 'errorFormat'>>,
): void {
  if (answer.gone) return;
  if (!result.error && !result.stopped) {
    answer.complete(result.tail);
    return;
  }
  const error = result.error ?? upstreamError('was stopped');
  // A stream that a rule withholds before its first byte still ends as the provider's content filter would end it.
  const filtered = result.stopped && result.tail.length > 0 && error.code === 'prompt_rejected';
  if (!answer.begun && !filtered) {
    refuse(req, res, next, error, options);
    return;
  }
  if (!answer.breakOff(result.tail)) return;
  // A stopped stream has been ended gracefully by the reader of its format; any other ends with an error event.
  if (result.stopped && result.tail.length > 0) {
    req.tollgate.refusal ??= error;
    answer.end();
  } else refuse(req, res, next, error, { errorFormat: options.errorFormat });
}
