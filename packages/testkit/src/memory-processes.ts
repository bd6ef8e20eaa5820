import { setImmediate as turn } from 'node:timers/promises';
import { memoryQuota, type UsageEvent } from '@tollgate/core';
import type { MakeProcesses } from './quota-agreement.js';

/** One process that counts in its own memory. */
export const inMemory: MakeProcesses = (clock) => {
  const written: UsageEvent[] = [];
  const write = (event: UsageEvent): void => {
    written.push(event);
  };
  return {
    stores: [memoryQuota({ now: clock.now, sinks: [{ write }], reapEveryMs: 3_600_000 })],
    events: async () => {
      await turn();
      return written;
    },
  };
};
