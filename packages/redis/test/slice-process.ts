import { createClient } from 'redis';
import { redisQuota } from '../src/quota/redis-quota.js';
import { Spender } from './spender.js';
import { spend, spendOfMany } from './spending.js';

/**
 * A process that spends under a tenant's limit and one of all tenants until it is killed, for tests: `url prefix slices`. It has no ledger of its own.
 */
const [url = '', prefix = '', slices = 'wide'] = process.argv.slice(2);
const client = createClient({ url });
await client.connect();
const store = redisQuota({
  client,
  prefix,
  outbox: true,
  deadlineMs: 10_000,
  slices: slices === 'grace' ? 'grace' : 'wide',
  sliceLeaseMs: 1_000,
  spent: {
    spentIn: () => Promise.reject(new Error('not here')),
    openWindows: () => Promise.resolve([]),
  },
});
const own = { ...spend, limit: spendOfMany.limit };
const spender = new Spender(store, slices === 'grace' ? [own] : [own, spendOfMany]);

async function spendOn(lane: number): Promise<never> {
  for (let turn = 0; ; turn += 1) {
    const admitted = await spender.reserve({ want: 50 + ((lane + turn) % 50), leaseMs: 1_000 });
    if (!admitted) continue;
    await new Promise((resolve) => setTimeout(resolve, (lane * 7 + turn) % 20));
    await spender.charge(admitted, Math.ceil(admitted.want / 3));
    if (turn === 2 && lane === 0) process.stdout.write('spending\n');
  }
}

await Promise.all(Array.from({ length: 12 }, (_, lane) => spendOn(lane)));
