import type { TollgateContext } from '@tollgate/core';

const slot = Symbol.for('tollgate.meter.contexts.v1');

/** The contexts that a meter follows, shared by the ESM and the CJS copy of this package. */
function contexts(): WeakSet<TollgateContext> {
  const globals = globalThis as { [slot]?: WeakSet<TollgateContext> };
  globals[slot] ??= new WeakSet();
  return globals[slot];
}

/** Whether a meter follows this context. */
export const isMetered = (context: TollgateContext): boolean => contexts().has(context);

/** Says that a meter follows this context from now on. */
export const markMetered = (context: TollgateContext): void => void contexts().add(context);
