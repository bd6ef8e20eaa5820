import { createManualClock } from '@tollgate/testkit';
import { inMemory, type QuotaUnderTest, quotaAgreement, quotaProperties } from '@tollgate/testkit/contracts';

const start = Date.parse('2026-11-21T23:58:30.123Z');

function memory(): QuotaUnderTest {
  const clock = createManualClock(start);
  const { stores, events } = inMemory(clock, () => 0);
  const [store] = stores;
  if (!store) throw new Error('no process counts in memory');
  return { store, now: clock.now, advance: clock.advance, events };
}

quotaAgreement('memoryQuota', () => [inMemory]);
quotaProperties('memoryQuota', memory);
