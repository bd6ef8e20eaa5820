import { newId } from '@tollgate/core/internal';
import { quotaEvent } from './quota-books.js';

/**
 * What such a pair of scripts costs at the very least: four counters of one caller as integers in one hash, compared and increased; a lease
 * that expires, in an index by its end; the settlement, an ended lease that is remembered, and the usage event in a stream. Everything
 * else that the quota engine does is left out: token buckets, windows, thresholds, alternatives, repetitions, reaping, several requests at once.
 */
const reserve = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'a', 'b', 'c', 'd')
for i = 1, 4 do
  held[i] = (held[i] or 0) + ARGV[3]
  if held[i] > 9e15 then return 0 end
end
redis.call('HSET', KEYS[1], 'a', held[1], 'b', held[2], 'c', held[3], 'd', held[4])
redis.call('SET', KEYS[2], ARGV[2], 'PX', '60000')
redis.call('ZADD', KEYS[3], now + 60000, ARGV[1])
return held
`;
const settle = `
local lease = redis.call('GET', KEYS[2])
if not lease then return 0 end
local used = redis.call('HMGET', KEYS[1], 'a', 'b', 'c', 'd')
for i = 1, 4 do used[i] = used[i] + ARGV[3] end
redis.call('HSET', KEYS[1], 'a', used[1], 'b', used[2], 'c', used[3], 'd', used[4])
redis.call('SET', KEYS[2], '1', 'PX', '120000')
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('XADD', KEYS[4], '*', 'e', ARGV[2])
return used
`;

/** What it needs of a client of node-redis. */
interface ScriptClient {
  scriptLoad(source: string): Promise<unknown>;
  evalSha(sha: string, given: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** One request: reserved and settled by the cheapest scripts that could do it. */
export async function floorOn(client: ScriptClient): Promise<(caller: number) => Promise<void>> {
  const [first, second] = [await client.scriptLoad(reserve), await client.scriptLoad(settle)];
  return async (caller: number): Promise<void> => {
    const id = newId();
    const event = JSON.stringify({ ...quotaEvent, eventId: id });
    const keys = [`floor:{p}:s:${caller}`, `floor:{p}:r:${id}`, 'floor:{p}:leases', 'floor:{p}:outbox'];
    for (const sha of [first, second]) {
      const answer = await client.evalSha(String(sha), { keys, arguments: [id, event, '1'] });
      if (!Array.isArray(answer)) throw new Error(`refused: ${JSON.stringify(answer)}`);
    }
  };
}
