import { setImmediate as turn } from 'node:timers/promises';
import { quotaContract } from '@tollgate/testkit/contracts';
import { memoryQuota, type UsageEvent } from '../../src/index.js';

quotaContract('memoryQuota', () => {
  let nowMs = Date.parse('2026-11-21T12:00:30.123Z');
  const written: UsageEvent[] = [];
  const write = (event: UsageEvent): void => {
    written.push(event);
  };
  return {
    store: memoryQuota({ now: () => nowMs, sinks: [{ write }], reapEveryMs: 3_600_000 }),
    now: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
    },
    events: async () => {
      await turn();
      return written;
    },
  };
});
