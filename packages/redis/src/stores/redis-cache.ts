import type { CacheStore } from '@tollgate/core';
import { accepts, checkOptions } from '@tollgate/core/internal';
import { type ConnectionOptions, connectionOf } from '../connection/connection.js';
import { prefixCheck } from '../connection/options.js';
import { ScriptRunner } from '../script/script-runner.js';
import { scriptOf } from '../script/scripts.js';

/** Options of {@link redisCache}. */
export interface RedisCacheOptions extends ConnectionOptions {
  /** Begins every key; without braces. @defaultValue 'tollgate' */
  prefix?: string;
  /**
   * The most bytes, of all processes together; entries that expire first are evicted. Counters need a Redis that evicts nothing, so this
   * bounds the cache itself. 1_048_576 to 2^40. @defaultValue 67_108_864 (64 MiB)
   */
  maxBytes?: number;
  /** How long a call may take, in ms, 5 to 60 000. @defaultValue 150 */
  deadlineMs?: number;
}

/** Keys are spread over this many parts, each in one slot with the sizes of its entries. */
const parts = 16;
/** Memory of an entry besides its bytes: three keys and their names. */
const overheadBytes = 512;

/**
 * KEYS[1]: a part. ARGV: name, response, time to live in ms, most bytes of the part, overhead of each entry. `order`: names by expiry;
 * `sizes`: bytes by name, and of all under an empty one. Expired entries are evicted first, then those that expire first.
 */
const source = `
local order, sizes = KEYS[1] .. ':order', KEYS[1] .. ':sizes'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function forget(name)
  local size = redis.call('HGET', sizes, name)
  if size then redis.call('HINCRBY', sizes, '', -size) end
  redis.call('HDEL', sizes, name)
  redis.call('ZREM', order, name)
  redis.call('UNLINK', KEYS[1] .. ':' .. name)
end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', order, '-inf', now, 'LIMIT', 0, 128)) do forget(name) end
forget(ARGV[1])
local size = #ARGV[2] + tonumber(ARGV[5])
local most = tonumber(ARGV[4])
if size > most then return 0 end
while (tonumber(redis.call('HGET', sizes, '')) or 0) + size > most do
  local first = redis.call('ZRANGE', order, 0, 0)[1]
  if not first then redis.call('DEL', sizes) break end
  forget(first)
end
redis.call('SET', KEYS[1] .. ':' .. ARGV[1], ARGV[2], 'PX', ARGV[3])
redis.call('HSET', sizes, ARGV[1], size)
redis.call('HINCRBY', sizes, '', size)
redis.call('ZADD', order, now + tonumber(ARGV[3]), ARGV[1])
local last = redis.call('ZRANGE', order, -1, -1, 'WITHSCORES')[2]
redis.call('PEXPIREAT', order, last)
redis.call('PEXPIREAT', sizes, last)
return 1`;
const script = scriptOf(source);

/**
 * Answers on Redis, for all processes. Each key is in the slot of its part, so that a cluster spreads them. Methods reject while Redis is away or
 * late. Throws a `TypeError` for a wrong or unknown option.
 */
export function redisCache(options: RedisCacheOptions): CacheStore {
  const sender = accepts.methods('sendCommand');
  checkOptions<RedisCacheOptions>('redisCache', options, {
    client: sender,
    pool: sender,
    sentinel: sender,
    cluster: sender,
    prefix: prefixCheck,
    maxBytes: accepts.integerBetween(1_048_576, 2 ** 40),
    deadlineMs: accepts.integerBetween(5, 60_000),
  });
  const connection = connectionOf(options);
  if (!connection)
    throw new TypeError('redisCache: exactly one of "client", "pool", "sentinel" and "cluster" is required');
  const { prefix = 'tollgate', deadlineMs = 150, maxBytes = 64 * 1024 * 1024 } = options;
  const runner = new ScriptRunner({ connection, deadlineMs });
  const most = String(Math.floor(maxBytes / parts));
  const partOf = (key: string): string => `${prefix}:{cache${Number.parseInt(key.slice(0, 8), 16) % parts}}`;
  return {
    hasBreaker: true,
    async get(key) {
      const name = `${partOf(key)}:${key}`;
      const answer = await runner.command('cache', name, ['GET', name], 'bytes');
      return Buffer.isBuffer(answer) ? answer : undefined;
    },
    async set(key, bytes, ttlMs) {
      const answer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      await runner.run('cache', script, partOf(key), [
        key,
        answer,
        String(ttlMs),
        most,
        String(overheadBytes),
      ]);
    },
  };
}
