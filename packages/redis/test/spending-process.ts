import { newId } from '@tollgate/core/internal';
import { createClient } from 'redis';
import { redisQuota } from '../src/quota/redis-quota.js';
import { spend, spendOfAll, usageOf } from './spending.js';

/**
 * A process that spends from a shared budget, for tests: `url prefix requests leaseMs end scope`. Half of what it is granted is charged. With
 * `hang` it holds everything and says so, and does nothing more. With `global`, the budget is that of all tenants together.
 */
const [url = '', prefix = '', requests = '0', leaseMs = '60000', end = '', scope = ''] =
  process.argv.slice(2);
const budget = scope === 'global' ? spendOfAll : spend;
const client = createClient({ url });
await client.connect();
const store = redisQuota({ client, prefix, outbox: true, deadlineMs: 10_000, sliceLeaseMs: 3_000 });
let admitted = 0;
let spent = 0;

async function request(index: number): Promise<void> {
  const [id, attemptId] = [newId(), newId()];
  const want = 5 + (index % 7);
  const event = usageOf(attemptId, want);
  const charges = [{ ...budget, want, floor: want }];
  const reservation = { id, partition: 'acme', attemptId, leaseMs: Number(leaseMs) };
  const result = await store.reserve({ ...reservation, alternatives: [{ charges, event }] });
  if (!result.ok) return;
  admitted += 1;
  if (end === 'hang') return;
  const [grant] = result.grants;
  const amount = Math.ceil(want / 2);
  const items = [{ ...budget, windowId: grant?.window ?? '', amount, release: want }];
  await store.charge({
    id,
    partition: 'acme',
    attemptId,
    items,
    event: usageOf(attemptId, amount),
    close: true,
  });
  spent += amount;
}

const turns = Array.from({ length: Number(requests) }, (_, index) => request(index));
await Promise.all(turns);
if (end !== 'hang') await store.end();
process.stdout.write(`${JSON.stringify({ admitted, spent })}\n`);
if (end === 'hang') setInterval(() => undefined, 1_000);
else client.destroy();
