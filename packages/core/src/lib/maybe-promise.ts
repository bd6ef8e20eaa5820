/** The promise of nothing, kept already: the answer of what has nothing to say and nothing to wait for. */
export const done: Promise<void> = Promise.resolve();

/**
 * Goes on with what is known already or promised: at once where it can be, otherwise when it comes. `failed` gets the promise's
 * rejection, and nothing that `use` throws. Answers that are known are passed on as they are, not as promises: under an
 * AsyncLocalStorage, which every request has, each promise costs a microsecond.
 */
export function whenReady<Value, Result>(
  value: Value | Promise<Value>,
  use: (value: Value) => Result | Promise<Result>,
  failed?: (error: unknown) => Result | Promise<Result>,
): Result | Promise<Result> {
  return isPromise(value) ? value.then(use, failed) : use(value);
}

/** What an operation answers when it returns; what it throws, as a rejection, as it would come from elsewhere. */
export function attempt<Result>(operation: () => Result | Promise<Result>): Result | Promise<Result> {
  try {
    return operation();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** As a promise, whether it is one or known already. */
export function asPromise<Value>(value: Value | Promise<Value>): Promise<Value> {
  return isPromise(value) ? value : Promise.resolve(value);
}

/** By its method, since the promises of another realm are none of ours. */
export function isPromise<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
