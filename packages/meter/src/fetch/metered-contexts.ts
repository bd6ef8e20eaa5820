import type { TollgateContext } from '@tollgate/core';

/** A mark on the context, the same for the ESM and the CJS copy of this package. A weak set of all contexts would slow down garbage collection. */
const mark = Symbol.for('tollgate.meter.context.v1');
type Marked = TollgateContext & { [mark]?: true };

/** Whether a meter follows this context. */
export const isMetered = (context: Marked): boolean => context[mark] === true;

/** Marks this context as metered. */
export const markMetered = (context: Marked): void => {
  context[mark] = true;
};
