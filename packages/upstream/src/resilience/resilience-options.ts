import { accepts, checkOptions, type OptionCheck, type ProviderStore } from '@tollgate/core/internal';
import type { Fallbacks } from '../call/target.js';
import type { PacingOptions } from '../pace/pacing.js';
import type { Provider } from '../provider/provider.js';
import { checkTimeouts, type Timeouts } from '../provider/timeouts.js';
import type { BreakerSettings } from './breaker.js';

/** How often, when and for how long a call is tried again. */
export interface RetryOptions {
  /** Attempts of one call, fallbacks included. Integer from 1 to 20. @defaultValue 4 */
  attempts?: number;
  /** Attempts at one target before the next fallback. Integer from 1 to 20. @defaultValue 2, or 3 where there is no other target, as many as the official SDKs make */
  perTarget?: number;
  /** Bound of the first wait, in milliseconds; it doubles with each failure. @defaultValue 250 */
  baseMs?: number;
  /** Longest wait that is not asked for by the provider, in milliseconds. @defaultValue 8_000 */
  maxMs?: number;
  /** The longest `retry-after` that is waited for; for a longer one the call goes to another target, or ends. Milliseconds. @defaultValue 10_000 */
  maxRetryAfterMs?: number;
  /** Retries at a provider, as a share of its calls: 0 to 1; ten are at hand at the start. @defaultValue 0.2 */
  ratio?: number;
  /**
   * A call that was sent and not answered to the end is charged all that was held for it, since the provider may bill that. `stop`: so
   * it ends. `go-on`: it is tried again, and both attempts are charged. Never after visible output. @defaultValue 'stop'
   */
  whenUncertain?: 'stop' | 'go-on';
}

/** When the breaker of a model at a provider opens and closes. */
export interface BreakerOptions {
  /** Share of failures above which it is. Between 0 and 1. @defaultValue 0.5 */
  threshold?: number;
  /** Over how long they are counted, in milliseconds. @defaultValue 20_000 */
  windowMs?: number;
  /** Fewer calls than this within it are no sample. Positive integer. @defaultValue 10 */
  minimumCalls?: number;
  /** How long it stays open until one call tries it, in milliseconds. @defaultValue 5_000 */
  openMs?: number;
}

/** When a second attempt is made beside one that keeps its caller waiting. */
export interface HedgeOptions {
  /**
   * Milliseconds without the head of a response, or `p95`: the 95th percentile of this model's last 20 responses. The second attempt takes
   * a retry from the provider's budget. The first response wins; the other attempt is aborted, and charged the amount held for it.
   */
  afterMs: number | 'p95';
}

/** Options of {@link resilience}. */
export interface ResilienceOptions {
  /** Retries, or `false` for none. */
  retries?: RetryOptions | false;
  /** Where calls go that fail: `{ 'gpt-5': ['gpt-5-mini', { provider: azure, model: 'gpt-5' }] }`. @defaultValue none */
  fallbacks?: Fallbacks;
  /** Circuit breakers for each model at each provider, or `false` for none. */
  breaker?: BreakerOptions | false;
  /** A second attempt beside a slow one. It costs money: both are charged. @defaultValue none */
  hedge?: HedgeOptions;
  /**
   * Delays calls for which the provider's rate limits, as stated in its responses, have no room, until there is room, or sends them to
   * another target; tenants take turns. `{}` for the defaults. @defaultValue none: calls are sent at once
   */
  pacing?: PacingOptions;
  /**
   * State shared by processes: the breakers and, with `pacing`, the remaining amounts of the rate limits, e.g. `redisProviders({ client })`
   * of `@tollgate/redis`. While it is away, each process uses its local state. @defaultValue none
   */
  shared?: ProviderStore;
  /** Providers that an SDK's own calls go to: recognised by base URL, their keys and time-outs are used. */
  providers?: readonly Provider[];
  /** Time-outs of each attempt that is made through `resilient()`; those of `proxy()` are its own. */
  timeouts?: Timeouts;
  /** Within how long all attempts of a call have begun and ended, in milliseconds. @defaultValue 600_000 */
  deadlineMs?: number;
  /** Monotonic clock, in milliseconds. @defaultValue performance.now */
  nowMs?: () => number;
  /** In [0, 1). @defaultValue Math.random */
  random?: () => number;
}

/** {@link ResilienceOptions}, checked and complete. */
export interface ResilienceSettings {
  readonly retries: ReadRetryOptions;
  readonly fallbacks: Fallbacks;
  readonly breaker: BreakerSettings | undefined;
  readonly hedge: HedgeOptions | undefined;
  readonly pacing: Required<PacingOptions> | undefined;
  readonly shared: ProviderStore | undefined;
  readonly providers: readonly Provider[];
  readonly timeouts: Timeouts | undefined;
  readonly deadlineMs: number;
  readonly nowMs: () => number;
  readonly random: () => number;
}

export const isProvider: OptionCheck = (value) =>
  accepts.methods('dispatcher', 'targetOf', 'urlOf', 'headersOf', 'signed')(value) === true ||
  'a provider, such as openai({ apiKey })';

/** Several providers, at least one, no two of one name and base URL: breakers and rate limits go by these. */
export const providersCheck: OptionCheck = (value) => {
  const verdict = accepts.someOf(isProvider)(value);
  if (verdict !== true) return verdict;
  const providers = value as readonly Provider[];
  const twice = twiceNamed(providers, (one, other) => one.baseUrl === other.baseUrl);
  return (
    twice === undefined ||
    `providers of different names or base URLs ("${twice}" is there twice; several keys are "apiKeys")`
  );
};

/** The name that two different ones of these have which are `alike`. */
export function twiceNamed(
  providers: readonly Provider[],
  alike: (one: Provider, other: Provider) => boolean = () => true,
): string | undefined {
  const isTwin = (one: Provider, other: Provider): boolean =>
    other !== one && other.name === one.name && alike(one, other);
  return providers.find((one) => providers.some((other) => isTwin(one, other)))?.name;
}

/** The check of {@link Fallbacks}. */
export const fallbacksCheck: OptionCheck = (value) => {
  const expected = 'an object of lists by model, each of models or { provider, model }';
  if (accepts.object(value) !== true) return expected;
  const fine = Object.values(value as object).every(
    (list) => Array.isArray(list) && list.length > 0 && list.every(isFallback),
  );
  return fine || expected;
};

function isFallback(value: unknown): boolean {
  if (typeof value === 'string') return accepts.string(value) === true;
  if (typeof value !== 'object' || value === null) return false;
  const { provider, model, ...more }: Record<string, unknown> = { ...value };
  const named = model === undefined || accepts.string(model) === true;
  return isProvider(provider) === true && named && Object.keys(more).length === 0;
}

const orFalse =
  (check: OptionCheck): OptionCheck =>
  (value) =>
    value === false || check(value);

const between0And1: OptionCheck = (value) =>
  (typeof value === 'number' && value > 0 && value < 1) || 'a number between 0 and 1';

/** Throws a `TypeError` for a wrong or unknown option. */
export function readResilience(options: ResilienceOptions): ResilienceSettings {
  checkOptions<ResilienceOptions>('resilience', options, {
    retries: orFalse(accepts.object),
    fallbacks: fallbacksCheck,
    breaker: orFalse(accepts.object),
    hedge: accepts.object,
    pacing: accepts.object,
    shared: accepts.methods('take', 'state', 'giveBack', 'tryBreaker', 'openBreakers'),
    providers: providersCheck,
    timeouts: accepts.object,
    deadlineMs: accepts.positiveInteger,
    nowMs: accepts.function,
    random: accepts.function,
  });
  if (options.hedge) {
    const milliseconds = accepts.positiveInteger;
    const afterMs: OptionCheck = (value) =>
      value === 'p95' || milliseconds(value) === true || '"p95" or a positive integer';
    checkOptions<HedgeOptions>('resilience: hedge', options.hedge, { afterMs }, ['afterMs']);
  }
  checkTimeouts('resilience', options.timeouts);
  return {
    retries: readRetries(options.retries),
    fallbacks: options.fallbacks ?? {},
    breaker: readBreaker(options.breaker),
    hedge: options.hedge,
    pacing: options.pacing && readPacing(options.pacing),
    shared: options.shared,
    providers: options.providers ?? [],
    timeouts: options.timeouts,
    deadlineMs: options.deadlineMs ?? 600_000,
    nowMs: options.nowMs ?? (() => performance.now()),
    random: options.random ?? Math.random,
  };
}

/** The options, with every default filled in. */
interface ReadRetryOptions extends Required<RetryOptions> {
  /** Attempts at a target without another one. */
  readonly onlyTarget: number;
}

function readRetries(given: RetryOptions | false = {}): ReadRetryOptions {
  const retries = given === false ? { perTarget: 1 } : given;
  checkOptions<RetryOptions>('resilience: retries', retries, {
    attempts: accepts.integerBetween(1, 20),
    perTarget: accepts.integerBetween(1, 20),
    baseMs: accepts.positiveInteger,
    maxMs: accepts.positiveInteger,
    maxRetryAfterMs: accepts.wholeNumber,
    ratio: (value) => (typeof value === 'number' && value >= 0 && value <= 1) || 'a number from 0 to 1',
    whenUncertain: accepts.oneOf('stop', 'go-on'),
  });
  return {
    attempts: 4,
    perTarget: 2,
    onlyTarget: retries.perTarget ?? 3,
    baseMs: 250,
    maxMs: 8_000,
    maxRetryAfterMs: 10_000,
    ratio: 0.2,
    whenUncertain: 'stop',
    ...present(retries),
  };
}

function readBreaker(given: BreakerOptions | false = {}): BreakerSettings | undefined {
  if (given === false) return undefined;
  checkOptions<BreakerOptions>('resilience: breaker', given, {
    threshold: between0And1,
    windowMs: accepts.positiveInteger,
    minimumCalls: accepts.positiveInteger,
    openMs: accepts.positiveInteger,
  });
  const { threshold = 0.5, windowMs = 20_000, minimumCalls = 10, openMs = 5_000 } = given;
  return { threshold, windowMs, minimumRps: (minimumCalls * 1000) / windowMs, openMs };
}

function readPacing(given: PacingOptions): Required<PacingOptions> {
  const milliseconds = accepts.integerBetween(0, 600_000);
  checkOptions<PacingOptions>('resilience: pacing', given, {
    maxWaitMs: milliseconds,
    fallbackAfterMs: milliseconds,
  });
  const { maxWaitMs = 10_000, fallbackAfterMs = 1_000 } = given;
  return { maxWaitMs, fallbackAfterMs: Math.min(fallbackAfterMs, maxWaitMs) };
}

/** Options that are there: an explicit `undefined` must not hide a default. */
function present<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}
