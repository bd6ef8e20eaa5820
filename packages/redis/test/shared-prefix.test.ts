import { describe, expect, it, jest } from '@jest/globals';
import type { UsageEvent } from '@tollgate/core';
import { newId, type QuotaCharge, type ReserveRequest } from '@tollgate/core/internal';
import { admitted, itemFor, QuotaTenant, quotaCounter, usageEvent } from '@tollgate/testkit/contracts';
import { checkLeases, outbox, redisQuota } from '../src/index.js';
import { newPrefix, useRedis } from './servers.js';

const redis = useRedis();
const patient = { deadlineMs: 5_000 };

/** A reservation of one second that holds its usage event. */
const request = (
  charges: readonly QuotaCharge[],
  id: string,
  attemptId: string,
): Partial<ReserveRequest> => ({
  ...{ id, attemptId, leaseMs: 1_000 },
  alternatives: [{ charges, event: usageEvent({ eventId: attemptId }) }],
});

/** Waits until so many leases are left in all. */
async function untilReaped(prefix: string, left: number): Promise<void> {
  const start = Date.now();
  for (;;) {
    const { countByPartition } = await checkLeases({ client: redis().client, prefix });
    if (countByPartition.reduce((sum, count) => sum + count, 0) === left) return;
    if (Date.now() - start > 20_000) throw new Error('a lease was not reaped within 20 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function eventsOf(prefix: string): Promise<UsageEvent[]> {
  const events: UsageEvent[] = [];
  const delivery = outbox({
    client: redis().client,
    prefix,
    sinks: [{ write: (event) => void events.push(event) }],
  });
  await delivery.flush();
  await delivery.end();
  return events;
}

describe('two stores on one prefix, of which one writes usage events', () => {
  it('write the event of a lease that ran out, whichever of them finds it', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const writing = redisQuota({ client, prefix, ...patient, outbox: true });
    const tenant = new QuotaTenant(writing);
    const spend = quotaCounter(tenant.key('day'), 100);
    const [id, attemptId] = [newId(), newId()];
    admitted(await tenant.reserve([], request([{ ...spend, want: 10, floor: 4 }], id, attemptId)));
    await writing.end(); // as if its process had died

    const quiet = redisQuota({ client, prefix, ...patient });
    const other = new QuotaTenant(quiet);
    admitted(await other.reserve([{ ...quotaCounter(other.key('day'), 100), want: 1 }]));
    await untilReaped(prefix, 1);
    await quiet.end();
    expect(await eventsOf(prefix)).toMatchObject([{ eventId: attemptId, uncertain: true }]);
  });

  it('write none for what the other has admitted', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const quiet = redisQuota({ client, prefix, ...patient });
    const tenant = new QuotaTenant(quiet);
    const spend = quotaCounter(tenant.key('day'), 100);
    const [id, attemptId] = [newId(), newId()];
    admitted(await tenant.reserve([], request([{ ...spend, want: 10 }], id, attemptId)));
    const settled = newId();
    const { grants } = admitted(
      await tenant.reserve([{ ...spend, want: 10 }], { id: settled, attemptId: settled }),
    );
    await tenant.charge(settled, [itemFor(spend, grants[0], 7)], { attemptId: settled, close: true });
    await quiet.end();

    const writing = redisQuota({ client, prefix, ...patient, outbox: true });
    const own = new QuotaTenant(writing);
    const counter = quotaCounter(own.key('day'), 100);
    const mine = newId();
    const granted = admitted(
      await own.reserve([{ ...counter, want: 5 }], { id: mine, attemptId: mine }),
    ).grants;
    await own.charge(mine, [itemFor(counter, granted[0], 5)], { attemptId: mine, close: true });
    await untilReaped(prefix, 0);
    await writing.end();
    expect((await eventsOf(prefix)).map(({ eventId }) => eventId)).toEqual([mine]);
  });
});

describe('checkLeases()', () => {
  it('looks at many partitions without a warning of too many listeners', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    await checkLeases({ client: redis().client, prefix: 'many', partitions: 64 });
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});
