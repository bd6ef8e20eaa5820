import { publish } from './channel.js';
import { docsUrlOf } from './docs-url.js';

/** Hazards of the environment. Each is explained in docs/errors.md under the same code. */
export type WarningCode =
  | 'TOLLGATE_W_ORDER'
  | 'TOLLGATE_W_MOUNTED_TWICE'
  | 'TOLLGATE_W_BODY_NOT_PARSED'
  | 'TOLLGATE_W_TRUST_PROXY'
  | 'TOLLGATE_W_MEMORY_STORE'
  | 'TOLLGATE_W_NO_CALLER'
  | 'TOLLGATE_W_UNKNOWN_PLAN'
  | 'TOLLGATE_W_CACHED_PRICE'
  | 'TOLLGATE_W_UNMETERED'
  | 'TOLLGATE_W_WEBSOCKET'
  | 'TOLLGATE_W_SHARED_CAP'
  | 'TOLLGATE_W_UNKNOWN_HOST'
  | 'TOLLGATE_W_REDIS_EVICTION'
  | 'TOLLGATE_W_REDIS_PERSISTENCE'
  | 'TOLLGATE_W_REDIS_VERSION'
  | 'TOLLGATE_W_REDIS_LOST'
  | 'TOLLGATE_W_LIMIT_FROM_ZERO'
  | 'TOLLGATE_W_JOBS_EXPIRE'
  | 'TOLLGATE_W_CACHE_ENVELOPE'
  | 'TOLLGATE_W_WATCH_EVICTS'
  | 'TOLLGATE_W_LEARNED'
  | 'TOLLGATE_W_SINK_FAILED'
  | 'TOLLGATE_W_SETTLE_FAILED'
  | 'TOLLGATE_W_SPOOL_FAILED';

const said = new Set<string>();

/**
 * Warns once per code and process, or once per code and subject: `process.emitWarning`, type `TollgateWarning`, and the channel
 * `tollgate:warning`. For hazards that a running app must survive; a wrong option throws instead. Subjects that clients choose must be
 * bounded by the caller.
 */
export function warnOnce(code: WarningCode, message: string, subject = ''): void {
  const key = subject === '' ? code : `${code} ${subject}`;
  if (said.has(key)) return;
  said.add(key);
  const page = docsUrlOf(code);
  const detail = page
    ? `See ${page}`
    : `Explained in docs/errors.md of the package @tollgate/core, under ${code}.`;
  process.emitWarning(message, { type: 'TollgateWarning', code, detail });
  publish('tollgate:warning', () => ({ code, message }));
}

/**
 * Warns where counters in memory are kept by one of several processes (node:cluster, pm2): each would allow the whole limit.
 * `what` begins the message: who counts; `remedy` ends it.
 */
export function warnOfManyProcesses(what: string, remedy: string): void {
  const { NODE_UNIQUE_ID, NODE_APP_INSTANCE, pm_id: pm2Id } = process.env;
  if (NODE_UNIQUE_ID === undefined && NODE_APP_INSTANCE === undefined && pm2Id === undefined) return;
  warnOnce(
    'TOLLGATE_W_MEMORY_STORE',
    `${what} counts in memory, but this process is one of several: each allows the whole limit. ${remedy}`,
  );
}

/** Forgets earlier warnings; for tests. */
export function forgetWarnings(): void {
  said.clear();
}
