import { publish } from '@tollgate/core/internal';
import { Circuit } from './circuit.js';
import { slotOf } from './slot.js';

/** Options of a command: it is cancelled while it has not been written to the server yet. */
export interface CommandOptions {
  abortSignal?: AbortSignal;
  /** In ms. 0: no timeout in the client, which would need a timer and a signal for each command; late commands are cancelled here instead. */
  timeout?: number;
  /** Returns texts of the reply as bytes. */
  typeMapping?: { readonly [bulkString]: typeof Buffer };
}

/** How node-redis names texts in its `typeMapping` (`RESP_TYPES.BLOB_STRING`). */
const bulkString = 36;
const asBytes = { [bulkString]: Buffer };

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
  /** The known server of each slot. Without it, all servers count as one when one fails. */
  readonly slots?: readonly ({ readonly master: { readonly address: string } } | undefined)[];
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

/** Sends one command whose keys are in one slot, that of `key`. `as`: whether texts of its reply are returned as bytes. */
export type SendCommand = (
  key: string,
  args: (string | Buffer)[],
  signal: AbortSignal,
  as?: 'bytes',
) => Promise<unknown>;

/** A connection as our stores see it. */
export interface Connection {
  /** Keys of different slots cannot be used in one command: in a cluster, and where a server has refused it. */
  isSplit: boolean;
  readonly send: SendCommand;
  /** The circuit breaker of the server that has this key; the same for all stores on one connection. */
  circuitOf(key: string): Circuit;
}

/** By the app's client object, which several stores may share. */
const known = new WeakMap<object, Connection>();

/** The way to send commands over the given client; `undefined` unless exactly one was given. */
export function connectionOf(options: ConnectionOptions): Connection | undefined {
  const { client, pool, sentinel, cluster } = options;
  const [given, ...others] = [client, pool, sentinel, cluster].filter((one) => one !== undefined);
  const send = senderOf(options);
  if (!given || !send || others.length > 0) return undefined;
  const connection = known.get(given) ?? {
    isSplit: cluster !== undefined,
    send,
    circuitOf: circuits(cluster),
  };
  known.set(given, connection);
  return connection;
}

function senderOf({ client, pool, sentinel, cluster }: ConnectionOptions): SendCommand | undefined {
  const single = client ?? pool;
  if (single) return (_key, args, signal, as) => single.sendCommand(args, optionsFor(signal, as));
  if (sentinel) return (_key, args, signal, as) => sentinel.sendCommand(false, args, optionsFor(signal, as));
  return (
    cluster && ((key, args, signal, as) => cluster.sendCommand(key, false, args, optionsFor(signal, as)))
  );
}

/** One circuit for each master of a cluster; of another connection, one. */
function circuits(cluster: ClusterClient | undefined): Connection['circuitOf'] {
  const byServer = new Map<string, Circuit>();
  return (key) => {
    const server = cluster?.slots?.[slotOf(key)]?.master.address ?? '';
    let circuit = byServer.get(server);
    if (!circuit) {
      const say = (isOpen: boolean): void =>
        publish('tollgate:store', () => ({ store: 'redis', server, state: isOpen ? 'down' : 'up' }));
      circuit = new Circuit(() => performance.now(), say);
      byServer.set(server, circuit);
    }
    return circuit;
  };
}

const optionsFor = (abortSignal: AbortSignal, as: 'bytes' | undefined): CommandOptions =>
  as ? { abortSignal, timeout: 0, typeMapping: asBytes } : { abortSignal, timeout: 0 };
