import { TollgateError } from '@tollgate/core';

export const notFound = (message: string): TollgateError =>
  new TollgateError({ status: 404, code: 'not_found', message });

export const invalid = (param: string | undefined, message: string): TollgateError =>
  new TollgateError({ status: 400, code: 'invalid_value', message, param, retryAfterMs: false });

export const forbidden = (message: string): TollgateError =>
  new TollgateError({ status: 403, code: 'insufficient_scope', message, retryAfterMs: false });

/** Runs work that throws a `TypeError` for a wrong value: that becomes a 400 with its message. */
export async function valid<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TypeError && /^[\w .:]+: /.test(error.message)) {
      throw invalid(/"(\w+)"/.exec(error.message)?.[1], error.message.replace(/^[\w ]+: /, ''));
    }
    throw error;
  }
}
