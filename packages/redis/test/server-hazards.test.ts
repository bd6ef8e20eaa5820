import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { forgetWarnings } from '@tollgate/core/internal';
import { startRedis } from '@tollgate/testkit';
import { createClient } from 'redis';
import { type CommandClient, redisQuota } from '../src/index.js';
import { serverHazards } from '../src/script/server-hazards.js';
import { newPrefix } from './servers.js';

const warned: (string | undefined)[] = [];
beforeEach(() => {
  forgetWarnings();
  warned.length = 0;
  jest.spyOn(process, 'emitWarning').mockImplementation((_message, options) => {
    if (typeof options === 'object') warned.push(options.code);
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  forgetWarnings();
});

/** What a store warns of when it is first used, twice, on a server with these settings. */
async function warnings(
  args: readonly string[],
  before: (client: CommandClient) => CommandClient = (client) => client,
): Promise<readonly (string | undefined)[]> {
  const server = await startRedis({ args });
  const client = await createClient({ url: server.url }).connect();
  for (let turn = 0; turn < 2; turn += 1) {
    const store = redisQuota({ client: before(client), prefix: newPrefix(), deadlineMs: 5_000 });
    expect(await store.read('acme', [])).toEqual([]);
    await store.end();
  }
  client.destroy();
  await server.stop();
  return warned;
}

/** A server that answers a command in another way. */
const answering =
  (name: string, answer: (real: unknown) => unknown) =>
  (client: CommandClient): CommandClient => ({
    sendCommand: async (args, options) => {
      const real = await client.sendCommand(args, options);
      return args[0] === name ? answer(real) : real;
    },
  });

const kept = ['--appendonly', 'yes'];

describe('a store on a server', () => {
  it('that keeps what it is told says nothing', async () => {
    expect(await warnings(kept)).toEqual([]);
    expect(await warnings(['--save', '3600 1'])).toEqual([]);
  });

  it('that may evict counters warns once', async () => {
    expect(await warnings([...kept, '--maxmemory-policy', 'allkeys-lru'])).toEqual([
      'TOLLGATE_W_REDIS_EVICTION',
    ]);
  });

  it('that writes nothing to disk warns once', async () => {
    expect(await warnings([])).toEqual(['TOLLGATE_W_REDIS_PERSISTENCE']);
  });

  it('that writes nothing to disk says nothing where a ledger restores its counters', () => {
    const facts = { info: 'aof_enabled:0\r\n', save: '' };
    expect(serverHazards({ ...facts, isRebuilt: true })).toEqual([]);
    expect(serverHazards({ ...facts, isRebuilt: false })).toHaveLength(1);
  });

  it.each([
    ['6.0.20', ['TOLLGATE_W_REDIS_VERSION']],
    ['5.0.14', ['TOLLGATE_W_REDIS_VERSION']],
    ['6.2.0', []],
    ['10.0.0', []],
  ])('of version %s warns of %j', async (version, codes) => {
    const told = answering('INFO', (info) =>
      String(info).replace(/redis_version:.*/, `redis_version:${version}`),
    );
    expect(await warnings(kept, told)).toEqual(codes);
  });

  it('that does not tell its settings is not complained of, and works', async () => {
    const silent = (name: string) =>
      answering(name, () => {
        throw new Error('NOPERM this user has no permissions to run this command');
      });
    expect(await warnings([], silent('CONFIG'))).toEqual([]);
    expect(await warnings(['--maxmemory-policy', 'allkeys-lru'], silent('INFO'))).toEqual([]);
  });

  it('warns where keys were evicted already, whatever the policy is now', () => {
    const told = (evicted: number) =>
      serverHazards({
        info: `maxmemory_policy:noeviction\r\nevicted_keys:${evicted}\r\n`,
        ...{ save: undefined, isRebuilt: false },
      });
    expect(told(0)).toEqual([]);
    expect(told(7)).toEqual([
      { code: 'TOLLGATE_W_REDIS_EVICTION', message: expect.stringContaining('has evicted 7 keys') },
    ]);
  });
});
