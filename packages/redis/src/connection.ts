/** What we pass with a command: it is taken back while it has not been written to the server yet. */
export interface CommandOptions {
  abortSignal?: AbortSignal;
}

/** A client or a pool of node-redis, or anything that sends a command as they do. */
export interface CommandClient {
  sendCommand(args: (string | Buffer)[], options?: CommandOptions): Promise<unknown>;
}

/** A Sentinel client of node-redis. */
export interface SentinelClient {
  sendCommand(
    isReadonly: boolean | undefined,
    args: (string | Buffer)[],
    options?: CommandOptions,
  ): Promise<unknown>;
}

/** A cluster client of node-redis. */
export interface ClusterClient {
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: (string | Buffer)[],
    options?: CommandOptions,
  ): Promise<unknown>;
}

/** The connection that the app already has: exactly one of these. It is connected, reconnected and closed by the app. */
export interface ConnectionOptions {
  /** `createClient()`. */
  client?: CommandClient;
  /** `createClientPool()`. */
  pool?: CommandClient;
  /** `createSentinel()`. */
  sentinel?: SentinelClient;
  /** `createCluster()`. */
  cluster?: ClusterClient;
}

/** Sends one command whose keys are in one slot, that of `key`. */
export type SendCommand = (key: string, args: (string | Buffer)[], signal: AbortSignal) => Promise<unknown>;

/** How commands are sent over what was given; `undefined` unless exactly one was. */
export function connectionOf(options: ConnectionOptions): SendCommand | undefined {
  const { client, pool, sentinel, cluster } = options;
  if ([client, pool, sentinel, cluster].filter((one) => one !== undefined).length !== 1) return undefined;
  const single = client ?? pool;
  if (single) return (_key, args, abortSignal) => single.sendCommand(args, { abortSignal });
  if (sentinel) return (_key, args, abortSignal) => sentinel.sendCommand(false, args, { abortSignal });
  return cluster && ((key, args, abortSignal) => cluster.sendCommand(key, false, args, { abortSignal }));
}
