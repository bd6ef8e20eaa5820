import { accepts, checkOptions } from '@tollgate/core/internal';
import { type ConnectionOptions, connectionOf } from '../connection/connection.js';
import { prefixCheck } from '../connection/options.js';

export interface RateLimitStoresOptions extends ConnectionOptions {
  /** Begins every key; without braces. @defaultValue 'tollgate' */
  prefix?: string;
  /**
   * Time after which a command counts as failed, in ms, 5 to 60 000; commands not sent by then are cancelled, so that they are not counted
   * late. @defaultValue 150
   */
  deadlineMs?: number;
}

/** Throws a `TypeError` for a wrong or unknown option. */
export function readRateLimitOptions(options: RateLimitStoresOptions) {
  const sender = accepts.methods('sendCommand');
  checkOptions('rateLimitStores', options, {
    client: sender,
    pool: sender,
    sentinel: sender,
    cluster: sender,
    prefix: prefixCheck,
    deadlineMs: accepts.integerBetween(5, 60_000),
  });
  const connection = connectionOf(options);
  if (!connection) {
    throw new TypeError(
      'rateLimitStores: exactly one of "client", "pool", "sentinel" and "cluster" is required',
    );
  }
  const { prefix = 'tollgate', deadlineMs = 150 } = options;
  return { connection, prefix, deadlineMs };
}
