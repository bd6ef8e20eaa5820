import { accepts, type OptionCheck, type OptionChecks } from '@tollgate/core/internal';
import { acceptsBaseUrls } from '../requests/parse-options.js';

type Fetch = typeof fetch;

/** Options of `meteredFetch()`. */
export interface MeteredFetchOptions {
  /** Sends the requests. @defaultValue the global `fetch` at the time of the call */
  fetch?: Fetch;
  /** A metered call outside of any request: `throw` with `no_request`, or `allow` it, unmetered. @defaultValue 'throw' */
  outside?: 'throw' | 'allow';
  /**
   * Routes of providers that are neither metered nor known to be free (images, batches, rerank, …): `refuse` them, or `allow` them,
   * unmetered; by host, `{ 'api.cohere.com': 'allow' }`, others are refused. @defaultValue 'refuse'
   */
  unmetered?: 'refuse' | 'allow' | Readonly<Record<string, 'refuse' | 'allow'>>;
  /**
   * Hosts that are known neither here nor by `baseUrls` as a provider's: `pass` their calls unmetered, with a warning for each host, or
   * `refuse` them. Calls whose path is a metered one are metered on every host. @defaultValue 'pass'
   */
  unknownHosts?: 'pass' | 'refuse';
  /** Base URLs of further providers: `{ 'https://llm.example.com/v1': 'openai' }`. @defaultValue those of `meter()` for `req.tollgate.fetch` */
  baseUrls?: Readonly<Record<string, string>>;
  /**
   * When the client of the request leaves: `abort` its calls, whose usage then stays unknown, so that counters are charged all that was
   * held for them; or `drain` them for at most `drainMs`, so that the usage becomes known. @defaultValue 'drain'; 'abort' with
   * `abort: 'stops'` for a model that shows every token it bills
   */
  whenClientGone?: 'abort' | 'drain';
  /**
   * How long a call continues without its client, and a body whose reader has left is read, in milliseconds. Positive integer.
   * @defaultValue 60_000
   */
  drainMs?: number;
  /**
   * `'stops'`: the provider that this `fetch` calls stops generating, and billing, when a connection is aborted. Declare it only if you
   * have measured it. Default: not assumed.
   */
  abort?: 'stops';
  /** How long a body may stay unread before its call is settled and it is given up, in milliseconds. @defaultValue 300_000 */
  idleMs?: number;
}

const unmeteredCheck: OptionCheck = (value) => {
  const isChoice = (choice: unknown): boolean => choice === 'refuse' || choice === 'allow';
  if (isChoice(value)) return true;
  const byHost = typeof value === 'object' && value !== null && !Array.isArray(value);
  return (
    (byHost && Object.values(value).every(isChoice)) ||
    "'refuse', 'allow', or an object of these by host such as { 'api.cohere.com': 'allow' }"
  );
};

/** The checks of {@link MeteredFetchOptions}. */
export const fetchChecks: OptionChecks<MeteredFetchOptions> = Object.freeze({
  fetch: accepts.function,
  outside: accepts.oneOf('throw', 'allow'),
  unmetered: unmeteredCheck,
  unknownHosts: accepts.oneOf('pass', 'refuse'),
  baseUrls: acceptsBaseUrls,
  whenClientGone: accepts.oneOf('abort', 'drain'),
  drainMs: accepts.positiveInteger,
  abort: accepts.oneOf('stops'),
  idleMs: accepts.positiveInteger,
});
