import type { UsageEvent, UsageSink } from '@tollgate/core';
import { describeValue } from '@tollgate/core/internal';

/** A sink that calls a function with each usage event. Its errors are warned of once and have no other effect. */
export function callbackSink(write: (event: UsageEvent) => void | Promise<void>): UsageSink {
  if (typeof write !== 'function') {
    throw new TypeError(`callbackSink: a function is required, received ${describeValue(write)}`);
  }
  const running = new Set<Promise<void>>();
  return {
    write(event) {
      const returned: unknown = write(event);
      if (typeof returned !== 'object' || returned === null) return undefined;
      const writing = Promise.resolve(returned).then(() => undefined);
      running.add(writing);
      const done = (): void => void running.delete(writing);
      writing.then(done, done);
      return writing;
    },
    async flush() {
      await Promise.allSettled(running);
    },
  };
}
