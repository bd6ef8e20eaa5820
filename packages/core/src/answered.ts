/** The same for the ESM and the CJS copy of core. */
const known = Symbol.for('tollgate.answer.v1');

interface Answered<Value> extends Promise<Value> {
  [known]?: Value;
}

/**
 * A promise of what is known already. It is one like any other; {@link goOn} takes its value out at once, so that a chain of
 * such answers costs neither a turn of the event loop nor a promise for each of its links.
 */
export function answered<Value>(value: Value): Promise<Value> {
  const promise: Answered<Value> = Promise.resolve(value);
  promise[known] = value;
  return promise;
}

/** Whether a promise is one of {@link answered}. */
export function isAnswered(promise: Promise<unknown>): boolean {
  return known in promise;
}

/** The promise of nothing, kept already: the answer of what has nothing to say and nothing to wait for. */
export const done: Promise<void> = answered(undefined);

/**
 * Goes on with what is known already or promised: at once where it can be, otherwise when it comes. `failed` gets the promise's
 * rejection, and nothing that `use` throws.
 */
export function goOn<Value, Result>(
  value: Value | Promise<Value>,
  use: (value: Value) => Result | Promise<Result>,
  failed?: (error: unknown) => Result | Promise<Result>,
): Result | Promise<Result> {
  const promise = promiseIn(value);
  if (!promise) return use(value as Value);
  return known in promise ? use(promise[known] as Value) : promise.then(use, failed);
}

/** As a promise, whether it is one or known already. */
export function promised<Value>(value: Value | Promise<Value>): Promise<Value> {
  return promiseIn(value) ?? answered(value as Value);
}

/** By its method, since the promises of another realm are none of ours. */
function promiseIn<Value>(value: Value | Promise<Value>): Answered<Value> | undefined {
  const isOne = typeof value === 'object' && value !== null && 'then' in value;
  return isOne && typeof value.then === 'function' ? (value as Promise<Value>) : undefined;
}
