import { setImmediate as turn } from 'node:timers/promises';
import { type QuotaUnderTest, quotaAgreement, quotaProperties } from '@tollgate/testkit/contracts';
import { memoryQuota, type UsageEvent } from '../../src/index.js';

const start = Date.parse('2026-11-21T23:58:30.123Z');

function memory(): QuotaUnderTest {
  let nowMs = start;
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
}

quotaAgreement('memoryQuota', memory);
quotaProperties('memoryQuota', memory);
