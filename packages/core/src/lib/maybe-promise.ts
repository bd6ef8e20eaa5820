/** A resolved promise without a value. */
export const done: Promise<void> = Promise.resolve();

/**
 * Calls `use` with a value: now if it is known, otherwise when its promise resolves. `failed` gets the promise's rejection, and nothing that `use`
 * throws. Known values are not wrapped in promises: under an AsyncLocalStorage, which every request has, each promise costs a microsecond.
 */
export function whenReady<Value, Result>(
  value: Value | Promise<Value>,
  use: (value: Value) => Result | Promise<Result>,
  failed?: (error: unknown) => Result | Promise<Result>,
): Result | Promise<Result> {
  return isPromise(value) ? value.then(use, failed) : use(value);
}

/** Runs an operation; a thrown error becomes a rejection. */
export function attempt<Result>(operation: () => Result | Promise<Result>): Result | Promise<Result> {
  try {
    return operation();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** A value as a promise; a promise as it is. */
export function asPromise<Value>(value: Value | Promise<Value>): Promise<Value> {
  return isPromise(value) ? value : Promise.resolve(value);
}

/** Checks for `then`: `instanceof Promise` is false for promises of another realm. */
export function isPromise<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
