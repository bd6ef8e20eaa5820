import { accepts, checkOptions, type LearnedStore } from '@tollgate/core/internal';
import { type ConnectionOptions, connectionOf } from '../connection/connection.js';
import { prefixCheck } from '../connection/options.js';
import { ScriptRunner } from '../script/script-runner.js';

/** Options of {@link redisLearned}. */
export interface RedisLearnedOptions extends ConnectionOptions {
  /** Begins the key; without braces. @defaultValue 'tollgate' */
  prefix?: string;
  /** How long a call may take, in ms, 5 to 60 000. @defaultValue 2_000 */
  deadlineMs?: number;
}

/** Fields asked for at once. */
const scanCount = 200;
/** The key expires 40 days after its last write, in seconds. */
const keptSeconds = 40 * 86_400;

/**
 * Habits that `watch()` has learned, in one hash of Redis, `<prefix>:{learned}`: every process loads all of them and writes those that it has
 * changed, so that a deployment loses nothing. Throws a `TypeError` for a wrong or unknown option.
 */
export function redisLearned(options: RedisLearnedOptions): LearnedStore {
  const sender = accepts.methods('sendCommand');
  checkOptions<RedisLearnedOptions>('redisLearned', options, {
    client: sender,
    pool: sender,
    sentinel: sender,
    cluster: sender,
    prefix: prefixCheck,
    deadlineMs: accepts.integerBetween(5, 60_000),
  });
  const connection = connectionOf(options);
  if (!connection)
    throw new TypeError(
      'redisLearned: exactly one of "client", "pool", "sentinel" and "cluster" is required',
    );
  const { prefix = 'tollgate', deadlineMs = 2_000 } = options;
  const runner = new ScriptRunner({ connection, deadlineMs });
  const key = `${prefix}:{learned}`;
  return {
    async *load() {
      let cursor = '0';
      do {
        const answer = await runner.command('learned', key, [
          'HSCAN',
          key,
          cursor,
          'COUNT',
          String(scanCount),
        ]);
        const [next, fields] = answer as [unknown, unknown[]];
        cursor = String(next);
        const portion: (readonly [string, string])[] = [];
        for (let at = 0; at + 1 < fields.length; at += 2)
          portion.push([String(fields[at]), String(fields[at + 1])]);
        yield portion;
      } while (cursor !== '0');
    },
    async save(portion, isLast) {
      if (portion.length > 0) await runner.command('learned', key, ['HSET', key, ...portion.flat()]);
      if (isLast) await runner.command('learned', key, ['EXPIRE', key, String(keptSeconds)]);
    },
    async forget(subjects) {
      await runner.command('learned', key, ['HDEL', key, ...subjects]);
    },
  };
}
