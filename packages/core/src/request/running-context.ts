import { AsyncLocalStorage } from 'node:async_hooks';
import type { TollgateContext } from './context.js';

const slot = Symbol.for('tollgate.context.v1');

/** The one storage of the process: the ESM and the CJS copy of core find each other's through the global symbol. */
function storage(): AsyncLocalStorage<TollgateContext> {
  const globals = globalThis as { [slot]?: AsyncLocalStorage<TollgateContext> };
  globals[slot] ??= new AsyncLocalStorage<TollgateContext>();
  return globals[slot];
}

const running = storage();

/** The context of the request that is running, if any. */
export function runningContext(): TollgateContext | undefined {
  return running.getStore();
}

/** Runs a function, and all that it awaits, within a context. */
export function runInContext<Result>(context: TollgateContext, run: () => Result): Result {
  return running.getStore() === context ? run() : running.run(context, run);
}
