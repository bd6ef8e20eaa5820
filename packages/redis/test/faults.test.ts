import { afterEach, describe, expect, it } from '@jest/globals';
import { type QuotaStore, subscribe } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { startRedis } from '@tollgate/testkit';
import { admitted, itemFor, QuotaTenant, quotaCounter } from '@tollgate/testkit/contracts';
import { createClient } from 'redis';
import { type RedisQuotaOptions, redisQuota, StoreUnavailableError } from '../src/index.js';
import { newPrefix, useRedis } from './servers.js';

const redis = useRedis();
const deadlineMs = 150;

const stores: QuotaStore[] = [];
const clients: { destroy(): void }[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.end();
  for (const client of clients.splice(0)) client.destroy();
});

/** A connection of a test's own: stores on one connection share what they know of the server. */
function ownClient() {
  const client = createClient({ url: redis().process.url });
  client.on('error', () => undefined);
  void client.connect();
  clients.push(client);
  return client;
}

function opened(options: RedisQuotaOptions): QuotaStore {
  const store = redisQuota(options);
  stores.push(store);
  return store;
}

async function faultOf(work: Promise<unknown>): Promise<StoreUnavailableError> {
  const error = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error instanceof StoreUnavailableError) return error;
  throw new Error(`expected a StoreUnavailableError, received ${String(error)}`);
}

async function until(condition: () => Promise<boolean>, withinMs: number): Promise<number> {
  const start = Date.now();
  for (;;) {
    if (await condition()) return Date.now() - start;
    if (Date.now() - start > withinMs) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a store whose Redis is frozen', () => {
  it('answers within its deadline, admits nothing, and gives back what Redis did after all', async () => {
    const { process } = redis();
    const client = ownClient();
    const tenant = new QuotaTenant(opened({ client, prefix: newPrefix(), deadlineMs }));
    const spend = quotaCounter(tenant.key('day'), 100);
    admitted(await tenant.reserve([{ ...spend, want: 1 }]));
    process.pause();
    const start = Date.now();
    const fault = await faultOf(tenant.reserve([{ ...spend, want: 50 }]));
    expect(Date.now() - start).toBeLessThan(deadlineMs + 50);
    expect(fault).toMatchObject({ fault: 'deadline', mayHaveRun: true });
    process.resume();
    const held = () =>
      tenant.standing(spend).then(
        (standing) => standing.held,
        () => undefined,
      );
    await until(async () => (await held()) === 1, 2_000);
  });

  it('is left alone after five failures, and comes back by itself', async () => {
    const { process } = redis();
    const client = ownClient();
    const tenant = new QuotaTenant(opened({ client, prefix: newPrefix(), deadlineMs }));
    const spend = quotaCounter(tenant.key('day'), 1000);
    admitted(await tenant.reserve([{ ...spend, want: 1 }]));
    process.pause();
    const faults: string[] = [];
    for (let failure = 0; failure < 6; failure += 1) {
      faults.push((await faultOf(tenant.reserve([{ ...spend, want: 1 }]))).fault);
    }
    expect([faults[0], faults.at(-1)]).toEqual(['deadline', 'breaker']);
    process.resume();
    const admits = () =>
      tenant.reserve([{ ...spend, want: 1 }]).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(admits, 2_000);
  });
});

describe('a store whose Redis answers with errors', () => {
  it('never counts READONLY or OOM as a refusal', async () => {
    const client = ownClient();
    const tenant = new QuotaTenant(opened({ client, prefix: newPrefix(), deadlineMs }));
    const spend = quotaCounter(tenant.key('day'), 100);
    admitted(await tenant.reserve([{ ...spend, want: 1 }]));
    await client.configSet('maxmemory', '1');
    expect(await faultOf(tenant.reserve([{ ...spend, want: 1 }]))).toMatchObject({ fault: 'answer' });
    await client.configSet('maxmemory', '0');
    await client.replicaOf('127.0.0.1', 1);
    expect(await faultOf(tenant.reserve([{ ...spend, want: 1 }]))).toMatchObject({ fault: 'answer' });
    await client.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    expect(await tenant.standing(spend)).toEqual({ used: 0, held: 1 });
  });

  it('is warned of a policy that would evict counters', async () => {
    const { client } = redis();
    const warnings: unknown[] = [];
    const stop = subscribe('tollgate:warning', ({ code }) => warnings.push(code));
    await client.configSet('maxmemory-policy', 'allkeys-lru');
    const tenant = new QuotaTenant(opened({ client, prefix: newPrefix(), deadlineMs: 1_000 }));
    admitted(await tenant.reserve([{ ...quotaCounter(tenant.key('day'), 100), want: 1 }]));
    await client.configSet('maxmemory-policy', 'noeviction');
    stop();
    expect(warnings).toEqual(['TOLLGATE_W_REDIS_EVICTION']);
  });

  it('refuses to work with another number of partitions than the server was set up with', async () => {
    const { client } = redis();
    const prefix = newPrefix();
    const charges = [{ ...quotaCounter('usd/day', 100), want: 1 }];
    admitted(await new QuotaTenant(opened({ client, prefix, partitions: 4 })).reserve(charges));
    const other = new QuotaTenant(opened({ client, prefix, partitions: 8 }));
    const fault = await faultOf(other.reserve(charges));
    expect(fault.fault).toBe('partitions');
    expect(fault.message).toContain('8 partitions, but the server was set up with 4');
  });
});

describe('a reservation', () => {
  it('that a second extension has ended is charged all the same', async () => {
    const tenant = new QuotaTenant(
      opened({ client: redis().client, prefix: newPrefix(), deadlineMs: 1_000 }),
    );
    const [day, route, other] = ['day', 'route', 'other'].map((name) => quotaCounter(tenant.key(name), 100));
    if (!day || !route || !other) throw new Error('three counters are needed');
    const id = newId();
    const { grants } = admitted(await tenant.reserve([{ ...day, want: 20 }], { id }));
    admitted(await tenant.extend(id, [{ ...route, want: 20 }]));
    expect((await tenant.extend(id, [{ ...other, want: 200 }])).ok).toBe(false);
    expect((await tenant.charge(id, [itemFor(day, grants[0], 7)])).outcome).toBe('charged');
    expect(await tenant.standing(day)).toEqual({ used: 7, held: 0 });
  });
});

describe('a store that starts before its Redis', () => {
  it('rejects meanwhile, and works within two seconds of Redis coming up', async () => {
    const server = await startRedis();
    await server.kill();
    const client = createClient({ url: server.url });
    client.on('error', () => undefined);
    const connected = client.connect();
    const tenant = new QuotaTenant(opened({ client, prefix: newPrefix(), deadlineMs }));
    const charges = [{ ...quotaCounter(tenant.key('day'), 100), want: 1 }];
    expect((await faultOf(tenant.reserve(charges))).fault).toBe('deadline');
    await server.restart();
    await until(
      () =>
        tenant.reserve(charges).then(
          ({ ok }) => ok,
          () => false,
        ),
      2_000,
    );
    await connected;
    client.destroy();
    await server.stop();
  });

  it('forgets no reservation when its connection breaks and comes back', async () => {
    const { client } = redis();
    const tenant = new QuotaTenant(opened({ client, prefix: newPrefix(), deadlineMs: 1_000 }));
    const spend = quotaCounter(tenant.key('day'), 100);
    const id = newId();
    admitted(await tenant.reserve([{ ...spend, want: 5 }], { id }));
    const killer = client.duplicate();
    await killer.connect();
    await killer.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    await until(async () => tenant.renew(id).catch(() => false), 2_000);
    expect(await tenant.standing(spend)).toEqual({ used: 0, held: 5 });
    killer.destroy();
  });
});
