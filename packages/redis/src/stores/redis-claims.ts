import { randomBytes } from 'node:crypto';
import type { ClaimStore } from '@tollgate/core';
import { accepts, checkOptions } from '@tollgate/core/internal';
import { type ConnectionOptions, connectionOf } from '../connection/connection.js';
import { prefixCheck } from '../connection/options.js';
import { ScriptRunner } from '../script/script-runner.js';
import { scriptOf } from '../script/scripts.js';

/** Options of {@link redisClaims}. */
export interface RedisClaimsOptions extends ConnectionOptions {
  /** Begins every key; without braces. @defaultValue 'tollgate' */
  prefix?: string;
  /** The most claims at once, 1 to 10 000 000; beyond, none is granted. @defaultValue 100_000 */
  maxClaims?: number;
  /** How long a call may take, in ms, 5 to 60 000. @defaultValue 150 */
  deadlineMs?: number;
}

/** KEYS[1]: names by expiry, by Redis' clock. ARGV: name, duration in ms, most names. Expired names are removed first. */
const source = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
return redis.call('ZADD', KEYS[1], 'NX', now + tonumber(ARGV[2]), ARGV[1])`;
const script = scriptOf(source);

/**
 * Claims on Redis: of all processes the first has it. They, and secrets, outlive every process; a restart of Redis as far as Redis writes to
 * disk. All keys are in one slot. Throws a `TypeError` for a wrong or unknown option.
 */
export function redisClaims(options: RedisClaimsOptions): ClaimStore {
  const sender = accepts.methods('sendCommand');
  checkOptions<RedisClaimsOptions>('redisClaims', options, {
    client: sender,
    pool: sender,
    sentinel: sender,
    cluster: sender,
    prefix: prefixCheck,
    maxClaims: accepts.integerBetween(1, 10_000_000),
    deadlineMs: accepts.integerBetween(5, 60_000),
  });
  const connection = connectionOf(options);
  if (!connection)
    throw new TypeError('redisClaims: exactly one of "client", "pool", "sentinel" and "cluster" is required');
  const { prefix = 'tollgate', deadlineMs = 150, maxClaims = 100_000 } = options;
  const runner = new ScriptRunner({ connection, deadlineMs });
  const base = `${prefix}:{claims}`;
  return {
    async claim(name, forMs) {
      return Number(await runner.run('claims', script, base, [name, String(forMs), String(maxClaims)])) === 1;
    },
    async secret(name) {
      const key = `${base}:secret:${name}`;
      await runner.command('claims', key, ['SET', key, randomBytes(32).toString('base64url'), 'NX']);
      return Buffer.from(String(await runner.command('claims', key, ['GET', key])), 'base64url');
    },
  };
}
