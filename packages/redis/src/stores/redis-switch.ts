import type { SwitchStore } from '@tollgate/core';
import {
  accepts,
  checkOptions,
  checkStoredSwitchEntry,
  checkSwitchEntry,
  type SwitchEntry,
  switchKey,
} from '@tollgate/core/internal';
import { type ConnectionOptions, connectionOf } from '../connection/connection.js';
import { prefixCheck } from '../connection/options.js';
import { ScriptRunner } from '../script/script-runner.js';
import { scriptOf } from '../script/scripts.js';
import { redisMitigations } from './redis-mitigations.js';

/** A separate node-redis client for hints: a client that subscribes can send no other commands. Connected and closed by the app. */
export interface HintClient {
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
}

/** Options of {@link redisSwitch}. */
export interface RedisSwitchOptions extends ConnectionOptions {
  /** Begins the key; without braces. @defaultValue 'tollgate' */
  prefix?: string;
  /** Makes changes known at once instead of at the next poll. @defaultValue none */
  hints?: HintClient;
  /** How long a call may take, in ms, 5 to 60 000. @defaultValue 150 */
  deadlineMs?: number;
}

const versionField = 'version';
/** How long confirmations are kept: an hour, far longer than anybody waits for one. */
const confirmedForSeconds = 3_600;

/** KEYS[1] the switch, ARGV: channel, now in ms, field, value (empty: switch on again). Removes expired entries. Returns whether it was off. */
const source = `
local key, channel, now, field, value = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local was = redis.call('HEXISTS', key, field)
if value == '' then redis.call('HDEL', key, field) else redis.call('HSET', key, field, value) end
local all = redis.call('HGETALL', key)
for i = 1, #all, 2 do
  if all[i] ~= '${versionField}' then
    local ends = tonumber(string.match(all[i + 1], '"expiresAtMs":(%d+)'))
    if ends and ends < now then redis.call('HDEL', key, all[i]) end
  end
end
redis.call('HINCRBY', key, '${versionField}', 1)
redis.call('PUBLISH', channel, '1')
return was`;
const script = scriptOf(source);

/**
 * The switch on Redis, for all processes: one hash, whose version changes with every change; hints by publish and subscribe arrive sooner,
 * and may get lost. Survives restarts as long as Redis writes to disk. Throws a `TypeError` for a wrong or unknown option.
 */
export function redisSwitch(options: RedisSwitchOptions): SwitchStore {
  const sender = accepts.methods('sendCommand');
  checkOptions<RedisSwitchOptions>('redisSwitch', options, {
    client: sender,
    pool: sender,
    sentinel: sender,
    cluster: sender,
    prefix: prefixCheck,
    hints: accepts.methods('subscribe', 'unsubscribe'),
    deadlineMs: accepts.integerBetween(5, 60_000),
  });
  const connection = connectionOf(options);
  if (!connection)
    throw new TypeError('redisSwitch: exactly one of "client", "pool", "sentinel" and "cluster" is required');
  const { prefix = 'tollgate', deadlineMs = 150, hints } = options;
  const runner = new ScriptRunner({ connection, deadlineMs });
  const key = `${prefix}:switch`;
  const readers = `${prefix}:switch:readers`;
  const channel = `${prefix}:switch:hints`;
  const write = async (field: string, value: string): Promise<boolean> =>
    Number(await runner.run('switch', script, key, [channel, String(Date.now()), field, value])) === 1;
  return {
    async read(knownVersion) {
      const version = textOf(await runner.command('switch', key, ['HGET', key, versionField])) ?? '0';
      if (version === knownVersion) return undefined;
      return stateOf(await runner.command('switch', key, ['HGETALL', key]));
    },
    async turnOff(entry) {
      checkSwitchEntry('redisSwitch', entry);
      await write(switchKey(entry.kind, entry.name), JSON.stringify(entry));
    },
    turnOn: (kind, name) => write(switchKey(kind, name), ''),
    async confirm(reader, version) {
      await runner.command('switch', readers, ['HSET', readers, reader, version]);
      await runner.command('switch', readers, ['EXPIRE', readers, String(confirmedForSeconds)]);
    },
    async confirmedBy(version) {
      const answer = await runner.command('switch', readers, ['HGETALL', readers]);
      return fieldsOf(answer).flatMap(([reader, value]) => (textOf(value) === version ? [reader] : []));
    },
    mitigations: redisMitigations(runner, prefix),
    ...(hints && { onHint: (listener: () => void) => hintsOf(hints, channel, listener) }),
  };
}

function hintsOf(hints: HintClient, channel: string, listener: () => void): () => void {
  // Without hints the next poll sees the change.
  void hints.subscribe(channel, () => listener()).catch(() => undefined);
  return () => void hints.unsubscribe(channel).catch(() => undefined);
}

/** RESP2 answers a list of names and values, RESP3 a map, which node-redis gives as an object or a list. */
function stateOf(answer: unknown): { version: string; entries: SwitchEntry[] } {
  const fields = fieldsOf(answer);
  let version = '0';
  const entries: SwitchEntry[] = [];
  for (const [name, value] of fields) {
    const text = textOf(value) ?? '';
    if (name === versionField) version = text;
    else {
      const entry: SwitchEntry = JSON.parse(text);
      checkStoredSwitchEntry('redisSwitch', entry);
      entries.push(entry);
    }
  }
  return { version, entries };
}

const fieldsOf = (answer: unknown): [string, unknown][] =>
  Array.isArray(answer) ? pairsOf(answer) : Object.entries(Object(answer));

function pairsOf(list: readonly unknown[]): [string, unknown][] {
  const pairs: [string, unknown][] = [];
  for (let index = 0; index + 1 < list.length; index += 2)
    pairs.push([textOf(list[index]) ?? '', list[index + 1]]);
  return pairs;
}

const textOf = (value: unknown): string | undefined =>
  value === null || value === undefined ? undefined : String(value);
