import { describe, expect, it } from '@jest/globals';
import { newId } from '@tollgate/core/internal';
import { startRedisCluster } from '@tollgate/testkit';
import { itemFor, QuotaTenant, quotaCounter } from '@tollgate/testkit/contracts';
import { createClient, createCluster } from 'redis';
import { slotOf } from '../src/connection/slot.js';
import { redisQuota } from '../src/index.js';

describe('a partition whose slot moves to another master under load', () => {
  it('is charged to the unit what was charged, and holds nothing afterwards', async () => {
    const servers = await startRedisCluster();
    const rootNodes = servers.nodes.map(({ url }) => ({ url }));
    const cluster = createCluster({ rootNodes });
    cluster.on('error', () => undefined);
    await cluster.connect();
    const direct = await Promise.all(servers.nodes.map(({ url }) => createClient({ url }).connect()));
    const ids = await Promise.all(direct.map((node) => node.sendCommand(['CLUSTER', 'MYID'])));
    const prefix = 'moving';
    const store = redisQuota({ cluster, prefix, partitions: 1, deadlineMs: 2_000, sweepEveryMs: 200 });
    const tenant = new QuotaTenant(store);
    const counter = quotaCounter(tenant.key('day'), 1_000_000);
    const slot = slotOf(`${prefix}:{p0}`);
    const from = Math.min(2, Math.floor(slot / Math.ceil(16_384 / 3)));
    const to = (from + 1) % 3;

    const seen = { charged: 0, failed: 0, refused: 0, again: 0 };
    let running = true;
    const retried = async (work: () => Promise<unknown>): Promise<void> => {
      for (let tries = 0; tries < 400; tries += 1) {
        try {
          await work();
          return;
        } catch {
          seen.again += 1;
          await new Promise((resolve) => setTimeout(resolve, 25));
        }
      }
      throw new Error('a settlement did not come through');
    };
    const worker = async (): Promise<void> => {
      while (running) {
        const id = newId();
        try {
          const result = await tenant.reserve([{ ...counter, want: 10 }], { id });
          if (!result.ok) {
            seen.refused += 1;
            continue;
          }
          await retried(() => tenant.charge(id, [itemFor(counter, result.grants[0], 7)]));
          await retried(() => tenant.close(id));
          seen.charged += 1;
        } catch {
          seen.failed += 1;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
    };
    const workers = Promise.all(Array.from({ length: 8 }, worker));
    const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const tell = (node: number, ...words: string[]) => direct[node]?.sendCommand(words) ?? Promise.reject();
    await pass(500);
    await tell(to, 'CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', String(ids[from]));
    await tell(from, 'CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', String(ids[to]));
    // A few keys at a time, as redis-cli does, so that scripts meet a slot of which half has gone.
    for (;;) {
      const keys = await tell(from, 'CLUSTER', 'GETKEYSINSLOT', String(slot), '5');
      if (!Array.isArray(keys) || keys.length === 0) break;
      const port = String(servers.nodes[to]?.port);
      await tell(from, 'MIGRATE', '127.0.0.1', port, '', '0', '5000', 'KEYS', ...keys.map(String));
      await pass(20);
    }
    for (const node of [to, from, 0, 1, 2]) {
      await tell(node, 'CLUSTER', 'SETSLOT', String(slot), 'NODE', String(ids[to]));
    }
    await pass(1_000);
    running = false;
    await workers;
    const before = Date.now();
    let standing = await tenant.standing(counter);
    while (standing.held > 0 && Date.now() - before < 5_000) {
      await pass(50);
      standing = await tenant.standing(counter);
    }
    process.stdout.write(`    slot moved under load: ${JSON.stringify(seen)}, ${JSON.stringify(standing)}\n`);
    expect(seen.charged).toBeGreaterThan(20);
    expect(seen.refused).toBe(0);
    expect(standing).toEqual({ used: seen.charged * 7, held: 0 });
    await store.end();
    for (const node of direct) node.destroy();
    cluster.destroy();
    await servers.stop();
  }, 90_000);
});
