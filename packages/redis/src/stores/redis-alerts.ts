import { type AlertStore, accepts, checkOptions, type DueAlertWork } from '@tollgate/core/internal';
import { type ConnectionOptions, connectionOf } from '../connection/connection.js';
import { prefixCheck } from '../connection/options.js';
import { ScriptRunner } from '../script/script-runner.js';
import { scriptOf } from '../script/scripts.js';

/** Options of {@link redisAlerts}. */
export interface RedisAlertsOptions extends ConnectionOptions {
  /** Begins every key; without braces. @defaultValue 'tollgate' */
  prefix?: string;
  /** How many alerts may wait to be delivered, 1 to 1 000 000. @defaultValue 10_000 */
  maxWaiting?: number;
  /** How long a call may take, in ms, 5 to 60 000. @defaultValue 150 */
  deadlineMs?: number;
}

/** `due`: ids by due time, by Redis' clock. `work`: each as tries, prerequisite, and text, a line each. */
const begin = `
local base = KEYS[1]
local due, work = base .. ':due', base .. ':work'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;
/** ARGV: key, whether a value was stored, that value, the new value, its time to live, most waiting tasks, then id, delay, after, text each. */
const replaceSource = `${begin}
local key = base .. ':incident:' .. ARGV[1]
local before = redis.call('GET', key)
if (ARGV[2] == '1') ~= (before ~= false) or (before and before ~= ARGV[3]) then return 'changed' end
if #ARGV > 6 and redis.call('HLEN', work) + (#ARGV - 6) / 4 > tonumber(ARGV[6]) then return 'full' end
redis.call('SET', key, ARGV[4], 'PX', ARGV[5])
for i = 7, #ARGV, 4 do
  if redis.call('HSETNX', work, ARGV[i], '0\\n' .. ARGV[i + 2] .. '\\n' .. ARGV[i + 3]) == 1 then
    redis.call('ZADD', due, now + tonumber(ARGV[i + 1]), ARGV[i])
  end
end
return 'written'`;
/** ARGV: the most entries, lease in ms. Entries that wait for another are checked again shortly. */
const takeSource = `${begin}
local taken = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, 128)) do
  if #taken >= 3 * tonumber(ARGV[1]) then break end
  local value = redis.call('HGET', work, id)
  if not value then
    redis.call('ZREM', due, id)
  else
    local tries, after, text = string.match(value, '^(%d+)\\n([^\\n]*)\\n(.*)$')
    if after ~= '' and redis.call('HEXISTS', work, after) == 1 then
      redis.call('ZADD', due, now + 250, id)
    else
      tries = tries + 1
      redis.call('HSET', work, id, tries .. '\\n' .. after .. '\\n' .. text)
      redis.call('ZADD', due, now + tonumber(ARGV[2]), id)
      taken[#taken + 1], taken[#taken + 2], taken[#taken + 3] = id, tostring(tries), text
    end
  end
end
return taken`;
/** ARGV: id, delay in ms; none: it is done. */
const putSource = `${begin}
if ARGV[2] == '' then
  redis.call('ZREM', due, ARGV[1])
  redis.call('HDEL', work, ARGV[1])
else
  redis.call('ZADD', due, 'XX', now + tonumber(ARGV[2]), ARGV[1])
end
return 1`;
const scripts = {
  replace: scriptOf(replaceSource),
  take: scriptOf(takeSource),
  put: scriptOf(putSource),
};

/**
 * Incidents and pending notifications on Redis: each notification is sent once, by the first process that takes it; another takes over what
 * one leaves undone. Survives every process, and a restart of Redis as far as Redis writes to disk. All keys are in one slot. Throws a
 * `TypeError` for a wrong or unknown option.
 */
export function redisAlerts(options: RedisAlertsOptions): AlertStore {
  const sender = accepts.methods('sendCommand');
  checkOptions<RedisAlertsOptions>('redisAlerts', options, {
    client: sender,
    pool: sender,
    sentinel: sender,
    cluster: sender,
    prefix: prefixCheck,
    maxWaiting: accepts.integerBetween(1, 1_000_000),
    deadlineMs: accepts.integerBetween(5, 60_000),
  });
  const connection = connectionOf(options);
  if (!connection)
    throw new TypeError('redisAlerts: exactly one of "client", "pool", "sentinel" and "cluster" is required');
  const { prefix = 'tollgate', deadlineMs = 150, maxWaiting = 10_000 } = options;
  const runner = new ScriptRunner({ connection, deadlineMs });
  const base = `${prefix}:{alerts}`;
  const run = (name: keyof typeof scripts, args: readonly string[]): Promise<unknown> =>
    runner.run('alerts', scripts[name], base, args);
  return {
    async read(key) {
      const text = await runner.command('alerts', base, ['GET', `${base}:incident:${key}`]);
      return text === null || text === undefined ? undefined : String(text);
    },
    async replace(key, before, after, keepMs, work) {
      const known = [before === undefined ? '0' : '1', before ?? ''];
      const items = work.flatMap((one) => [one.id, String(one.delayMs), one.after ?? '', one.text]);
      const said = String(
        await run('replace', [key, ...known, after, String(keepMs), String(maxWaiting), ...items]),
      );
      return said === 'changed' || said === 'full' ? said : 'written';
    },
    take: async (atMost, leaseMs) => takenIn(await run('take', [String(atMost), String(leaseMs)])),
    async done(id) {
      await run('put', [id, '']);
    },
    async later(id, delayMs) {
      await run('put', [id, String(delayMs)]);
    },
  };
}

function takenIn(answer: unknown): DueAlertWork[] {
  const fields = Array.isArray(answer) ? answer.map(String) : [];
  const taken: DueAlertWork[] = [];
  for (let index = 0; index + 2 < fields.length; index += 3) {
    const [id = '', tries = '', text = ''] = fields.slice(index, index + 3);
    taken.push({ id, tries: Number(tries), text });
  }
  return taken;
}
