import { describe, expect, it } from '@jest/globals';
import { newId, type QuotaCounter } from '@tollgate/core/internal';
import { type RedisCluster, startRedisCluster } from '@tollgate/testkit';
import { createCluster } from 'redis';
import { slotOf } from '../src/connection/slot.js';
import { partitionOf } from '../src/script/partition.js';
import { appOnLedger, spend } from './app-on-ledger.js';
import { MemoryLedger } from './memory-ledger.js';
import { newPrefix, useRedis } from './servers.js';
import { Spender, untilDone } from './spender.js';
import { spendOfAll } from './spending.js';

const redis = useRedis();
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('what is rebuilt', () => {
  it('of a token bucket: it begins empty, and refills from then on', async () => {
    const bucket: QuotaCounter = {
      counter: 'tokens/60000ms/tenant=acme',
      unit: 'tokens',
      limit: 600,
      window: { kind: 'bucket', rate: 600, periodMs: 60_000, burst: 600 },
      wide: false,
      soft: false,
    };
    const app = appOnLedger(new MemoryLedger(), { client: redis().client, prefix: newPrefix() }, [bucket]);
    const first = await untilDone(() => app.spender.reserve({ want: 500 }));
    if (!first) throw new Error('refused');
    await app.spender.charge(first);
    await redis().client.flushAll();
    const lostAt = performance.now();
    expect(await untilDone(() => app.spender.reserve({ want: 100 }))).toBeUndefined();
    await pass(1_000);
    const [state] = await app.spender.standing();
    const refilled = 600 - (state?.used ?? 0);
    expect(refilled).toBeGreaterThanOrEqual(9);
    expect(refilled).toBeLessThanOrEqual((performance.now() - lostAt) / 100 + 1);
    await app.end();
  });

  it('of places in flight: those that are taken stay taken', async () => {
    const live: QuotaCounter = {
      counter: 'concurrent/live/tenant=acme',
      unit: 'concurrent',
      limit: 2,
      window: { kind: 'live' },
      wide: false,
      soft: false,
    };
    const app = appOnLedger(new MemoryLedger(), { client: redis().client, prefix: newPrefix() }, [live]);
    const first = await untilDone(() => app.spender.reserve({ want: 1 }));
    const second = await app.spender.reserve({ want: 1 });
    if (!first || !second) throw new Error('refused');
    await redis().client.flushAll();
    expect(await untilDone(() => app.spender.reserve({ want: 1 }))).toBeUndefined();
    await app.spender.charge(first);
    expect(await app.spender.standing()).toEqual([{ used: 0, held: 1 }]);
    await app.spender.charge(second);
    expect(await app.spender.standing()).toEqual([{ used: 0, held: 0 }]);
    await app.end();
  });

  it('of a cover and an extension that were asked twice: what they hold, once', async () => {
    const app = appOnLedger(new MemoryLedger(), { client: redis().client, prefix: newPrefix() }, [spend]);
    const first = await untilDone(() => app.spender.reserve({ want: 10 }));
    if (!first) throw new Error('refused');
    const [{ id }, { store }] = [first, app.spender];
    const cover = { attemptId: newId(), alternatives: [{ charges: [{ ...spend, want: 20 }] }] };
    for (const _ of [1, 2]) {
      await store.cover({ id, partition: 'acme', ...cover });
      await store.extend({ id, partition: 'acme', charges: [{ ...spend, want: 40 }] });
    }
    expect(await app.spender.standing()).toEqual([{ used: 0, held: 70 }]);
    await redis().client.flushAll();
    expect(await untilDone(() => app.spender.standing())).toEqual([{ used: 0, held: 70 }]);
    await app.end();
  });
});

describe.each(['wide', 'grace'] as const)('slices (%s) of a server that is emptied', (slices) => {
  it('let no spend pass the cap, of a tenant or of all, and hold nothing in the end', async () => {
    const ledger = new MemoryLedger();
    const cap = 800;
    const counters = [
      { ...spend, limit: cap },
      { ...spendOfAll, limit: cap },
    ];
    const prefix = newPrefix();
    const apps = [1, 2].map(() =>
      appOnLedger(ledger, { client: redis().client, prefix, slices, sliceLeaseMs: 2_000 }, counters),
    );
    let running = true;
    let admitted = 0;
    const worker = async (spender: Spender, seed: number): Promise<void> => {
      for (let turn = 0; running; turn += 1) {
        const want = 1 + ((seed + turn) % 5);
        const one = await spender.reserve({ want, leaseMs: 5_000 }).catch(() => undefined);
        if (one) admitted += 1;
        await pass(one ? 10 : 50);
        if (one) await untilDone(() => spender.charge(one));
      }
    };
    const workers = apps.flatMap(({ spender }, at) => [1, 2, 3].map((one) => worker(spender, at + one)));
    for (let round = 0; round < 2; round += 1) {
      await pass(700);
      await redis().client.flushAll();
    }
    await pass(1_500);
    running = false;
    await Promise.all(workers);
    for (const { store } of apps) await store.end();
    const reader = appOnLedger(ledger, { client: redis().client, prefix }, counters);
    const standing = await untilDone(() => reader.spender.standing());
    await Promise.all([...apps.map(({ delivery }) => delivery.end()), reader.end()]);
    const window = [...ledger.events.values()][0]?.charges[0]?.window ?? '';
    const spent = ledger.sum(spend.counter, window);
    process.stdout.write(
      `    slices ${slices}: ${admitted} admitted, ${spent} spent, ${JSON.stringify(standing)}\n`,
    );
    expect(admitted).toBeGreaterThan(50);
    expect(spent).toBeLessThanOrEqual(cap);
    expect(standing.map(({ held }) => held)).toEqual([0, 0]);
    for (const { used } of standing) expect(used).toBeGreaterThanOrEqual(spent);
  }, 90_000);
});

describe('a master of a cluster that comes back empty, or is emptied', () => {
  let servers: RedisCluster;

  it('is rebuilt, while tenants of other masters are served', async () => {
    servers = await startRedisCluster();
    const cluster = createCluster({
      rootNodes: servers.nodes.map(({ url }) => ({ url })),
      defaults: { socket: { reconnectStrategy: () => 100 } },
    });
    cluster.on('error', () => undefined);
    await cluster.connect();
    const ledger = new MemoryLedger();
    const prefix = newPrefix();
    const nodeOf = (tenant: string): number =>
      Math.floor(slotOf(`${prefix}:{p${partitionOf(tenant, 16)}}`) / Math.ceil(16_384 / 3));
    const tenants = Array.from({ length: 40 }, (_, at) => `tenant${at}`);
    const [lost = ''] = tenants;
    const other = tenants.find((tenant) => nodeOf(tenant) !== nodeOf(lost)) ?? '';
    const app = appOnLedger(ledger, { cluster, prefix, deadlineMs: 500 });
    const of = (tenant: string): Spender =>
      new Spender(app.store, [{ ...spend, counter: `usd/month/tenant=${tenant}` }], tenant);
    for (const tenant of [lost, other]) {
      const first = await untilDone(() => of(tenant).reserve({ want: 70 }), 20_000);
      if (!first) throw new Error('refused');
      await of(tenant).charge(first, 65);
    }
    const live = await of(lost).reserve({ want: 10 });
    if (!live) throw new Error('refused');
    await app.delivery.flush();
    await servers.nodes[nodeOf(lost)]?.restart();
    const start = performance.now();
    expect(await untilDone(() => of(lost).reserve({ want: 26 }), 20_000)).toBeUndefined();
    process.stdout.write(
      `    one master empty: decides again after ${Math.round(performance.now() - start)} ms\n`,
    );
    expect(await of(other).standing()).toEqual([{ used: 65, held: 0 }]);
    expect(await of(lost).standing()).toEqual([{ used: 65, held: 10 }]);
    await untilDone(() => of(lost).charge(live, 10));
    expect(await of(lost).reserve({ want: 26 })).toBeUndefined();
    expect(await of(lost).reserve({ want: 25 })).toBeDefined();
    await app.end();
    cluster.destroy();
    await servers.stop();
  }, 150_000);
});
