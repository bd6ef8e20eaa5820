import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LearnedStore } from '@tollgate/core/internal';
import { type RedisProcess, startRedis } from '@tollgate/testkit';
import { createClient } from 'redis';
import { redisLearned } from '../src/index.js';

let server: RedisProcess;
let client: ReturnType<typeof createClient>;
beforeAll(async () => {
  server = await startRedis();
  client = createClient({ url: server.url });
  await client.connect();
}, 150_000);
afterAll(async () => {
  client.destroy();
  await server.stop();
});

async function all(store: LearnedStore): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const portion of store.load())
    for (const [subject, record] of portion) found.set(subject, record);
  return found;
}

describe('redisLearned()', () => {
  it('keeps the habits of thousands of subjects for every process, and forgets the ones that are named', async () => {
    const [one, other] = [redisLearned({ client }), redisLearned({ client })];
    expect(await all(one)).toEqual(new Map());
    const records = Array.from({ length: 3_000 }, (_, index) => [`key:k${index}`, `{"é":${index}}`] as const);
    for (let from = 0; from < records.length; from += 50)
      await one.save(records.slice(from, from + 50), from + 50 >= records.length);
    await other.save([['key:k7', '{"new":true}']], true);
    await other.save([], true);
    const found = await all(other);
    expect(found.size).toBe(3_000);
    expect([found.get('key:k7'), found.get('key:k2999')]).toEqual(['{"new":true}', '{"é":2999}']);
    expect(await client.ttl('tollgate:{learned}')).toBeGreaterThan(35 * 86_400);
    await one.forget?.(['key:k1', 'key:k2']);
    expect((await all(other)).size).toBe(2_998);
  });

  it('rejects while Redis is away, and refuses wrong options', async () => {
    const away = createClient({ url: 'redis://127.0.0.1:1', socket: { reconnectStrategy: false } });
    away.on('error', () => undefined);
    const store = redisLearned({ client: away, deadlineMs: 50 });
    await expect(all(store)).rejects.toThrow();
    await expect(store.save([['a', 'b']], true)).rejects.toThrow();
    expect(() => redisLearned({})).toThrow('redisLearned: exactly one of');
    expect(() => redisLearned({ client, deadlineMs: 1 })).toThrow('"deadlineMs"');
  });
});
