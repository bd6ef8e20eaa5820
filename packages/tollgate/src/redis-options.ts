import { accepts, checkOptions, type SpendSource } from '@tollgate/core/internal';
import type { ClusterClient, CommandClient, ConnectionOptions, SentinelClient } from '@tollgate/redis';
import { acceptsSlices } from '@tollgate/redis/internal';

/** Where the shared counters are, and how they are kept there. Exactly one of `url`, `client`, `pool`, `sentinel` and `cluster`. */
export interface RedisOptions extends ConnectionOptions {
  /** `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS. The connection is then made, watched and closed here. */
  url?: string;
  /** Begins every key; without braces. Apps that share a server and must not share counters need two. @defaultValue 'tollgate' */
  prefix?: string;
  /** Into how many parts tenants are divided, each in one slot of a cluster; fixed by the first app of a prefix. 1 to 1 024. @defaultValue 16 */
  partitions?: number;
  /** How long Redis may take, in ms, 5 to 60 000. @defaultValue 150 */
  deadlineMs?: number;
  /**
   * How long a process repeats a refusal without a store call where the used amount leaves too little, in ms, 0 to 5 000. @defaultValue
   * 5_000 (5 s)
   */
  rememberRefusalsMs?: number;
  /**
   * Amounts that each process leases in advance to admit from in memory: limits of all tenants together (`wide`), or also the limits of
   * busy tenants, for the time that Redis is away, with `budget: { whenStoreDown: 'grace' }` (`grace`). @defaultValue 'wide', or 'grace'
   * with that policy
   */
  slices?: 'wide' | 'grace';
  /** How long they are held for a silent process, in ms, 1 000 to 3 600 000. @defaultValue 15_000 (15 s) */
  sliceLeaseMs?: number;
  /**
   * Whether usage events travel to `sinks` through Redis, so that none is lost with a process. Without sinks, another process must read
   * them. @defaultValue whether `sinks` are given
   */
  outbox?: boolean;
  /**
   * A source of earlier spend, of all processes, that is also one of `sinks`: counters that Redis has lost are rebuilt from it, and nothing
   * is admitted before. @defaultValue `database`, where it is given; else lost counters begin at 0
   */
  spent?: SpendSource;
}

/** The app's node-redis client, cluster or Sentinel client, or options with Redis' address. */
export type RedisSetting = RedisOptions | CommandClient | ClusterClient | SentinelClient;

/** The options as one shape, checked. Throws a `TypeError`; never shows a URL, which may hold a password. */
export function readRedisSetting(setting: RedisSetting): RedisOptions {
  if (isSender(setting)) return connectionOf(setting);
  const sender = accepts.methods('sendCommand');
  const { url, ...rest } = setting;
  checkOptions<RedisOptions>(
    'tollgate: redis',
    { ...rest, ...(url !== undefined && { url: shown(url) }) },
    {
      client: sender,
      pool: sender,
      sentinel: sender,
      cluster: sender,
      url: (value) => value === usable || 'a URL such as redis://127.0.0.1:6379',
      prefix: accepts.string,
      partitions: accepts.integerBetween(1, 1024),
      deadlineMs: accepts.integerBetween(5, 60_000),
      rememberRefusalsMs: accepts.integerBetween(0, 5_000),
      slices: acceptsSlices,
      sliceLeaseMs: accepts.integerBetween(1_000, 3_600_000),
      outbox: accepts.boolean,
      spent: accepts.methods('spentIn', 'openWindows'),
    },
  );
  const { client, pool, sentinel, cluster } = setting;
  if ([url, client, pool, sentinel, cluster].filter((one) => one !== undefined).length !== 1) {
    throw new TypeError(
      'tollgate: redis: exactly one of "url", "client", "pool", "sentinel" and "cluster" is required',
    );
  }
  return setting;
}

const usable = 'redis://…';

function shown(url: unknown): string {
  if (typeof url !== 'string') return 'no text';
  const known =
    URL.canParse(url) &&
    ['redis:', 'rediss:'].includes(new URL(url).protocol) &&
    new URL(url).hostname !== '';
  return known ? usable : 'another text';
}

type Sender = CommandClient | ClusterClient | SentinelClient;

function isSender(setting: RedisSetting): setting is Sender {
  return typeof setting === 'object' && setting !== null && 'sendCommand' in setting;
}

/** node-redis' clients accept the same command in different forms; their other methods show which one it is. */
function connectionOf(sender: Sender): ConnectionOptions {
  if (isCluster(sender)) return { cluster: sender };
  if (isSentinel(sender)) return { sentinel: sender };
  if (isClient(sender)) return { client: sender };
  return {};
}

function isCluster(sender: Sender): sender is ClusterClient {
  return 'slots' in sender;
}

function isSentinel(sender: Sender): sender is SentinelClient {
  return 'getMasterNode' in sender;
}

function isClient(sender: Sender): sender is CommandClient {
  return accepts.methods('sendCommand')(sender) === true;
}
