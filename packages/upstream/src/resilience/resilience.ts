import { modelAllowed, publish } from '@tollgate/core/internal';
import { type Fallbacks, type Target, targetAt } from '../call/target.js';
import { LatencySample } from '../lib/latency-sample.js';
import { RecentMap } from '../lib/recent-map.js';
import { callSize, type SizeFacts } from '../pace/call-size.js';
import type { Provider } from '../provider/provider.js';
import type { AttemptEnd, EndKind } from './attempt-end.js';
import { Breaker } from './breaker.js';
import { CallPlan } from './call-plan.js';
import { Pacer } from './pacer.js';
import { type ResilienceOptions, type ResilienceSettings, readResilience } from './resilience-options.js';
import { RetryBudget } from './retry-budget.js';
import type { CallWeight, Step } from './step.js';

/** Clients choose the names, so the number of remembered ones is bounded. */
const mostTargets = 1_000;
/** How long a key rests that the provider has refused (401, 403). */
const refusedKeyRestMs = 60_000;
/** How long a key is paused after a 429 without a stated wait, where there are others, in ms. */
const limitedKeyRestMs = 1_000;

/** A call's request, before its target is decided. */
export interface PlannedCall {
  readonly provider: Provider | undefined;
  /** Name of the provider, or its host. */
  readonly name: string;
  /** Base URL, or origin. */
  readonly base: string;
  readonly model: string | undefined;
  readonly stream: boolean;
  /** Whether a provider can take the call's place. */
  readonly fits: (provider: Provider) => boolean;
  /** In place of those of the options. */
  readonly fallbacks?: Fallbacks | undefined;
  /** The call's tenant; absent: none. */
  readonly tenant?: string | undefined;
  /** The call's size, where calls are paced; not read otherwise. */
  readonly size?: (() => SizeFacts) | undefined;
  /** Where a router sends it, in order, in place of any fallbacks; the first is the call's own provider and model. */
  readonly ranked?: readonly { readonly provider: Provider; readonly model: string }[] | undefined;
}

/** An app's state of its providers, shared by all that call them. Created by {@link resilience}. */
export class Resilience {
  readonly settings: ResilienceSettings;
  /** When attempts may be made. */
  readonly turns: Pacer;
  readonly #breakers: RecentMap<Breaker>;
  readonly #budgets: RecentMap<RetryBudget>;
  readonly #latencies = new RecentMap(mostTargets, () => new LatencySample());

  constructor(options: ResilienceOptions) {
    const settings = readResilience(options);
    this.settings = settings;
    this.#breakers = new RecentMap(mostTargets, (id) => this.#newBreaker(id));
    this.turns = new Pacer(settings, {
      of: (id) => settings.breaker && this.#breakers.get(id),
      nowMs: settings.nowMs,
    });
    this.#budgets = new RecentMap(mostTargets, () => new RetryBudget(settings.retries.ratio));
  }

  /** How a call is made: where it is sent, then its fallbacks. */
  plan(call: PlannedCall): CallPlan {
    const { provider, name, base, model } = call;
    const targets = [targetAt(provider, name, base, model, model)];
    for (const fallback of call.ranked?.slice(1) ??
      fallbacksOf(call.fallbacks ?? this.settings.fallbacks, model)) {
      const other = typeof fallback === 'string' ? { model: fallback } : fallback;
      const at = 'provider' in other ? other.provider : provider;
      if (at ? !call.fits(at) : 'provider' in other) continue;
      targets.push(
        at
          ? targetAt(at, at.name, at.baseUrl, other.model ?? model, model)
          : targetAt(undefined, name, base, other.model, model),
      );
    }
    const { tenant = '', size } = call;
    const weight: CallWeight | undefined =
      this.settings.pacing && size ? { tenant, size: callSize(size()) } : undefined;
    return new CallPlan(targets, this, call.stream, weight);
  }

  breakerOf({ id }: Target): Breaker | undefined {
    return this.settings.breaker && this.#breakers.get(id);
  }

  /** Whether the breaker of a model at a provider is open now. */
  isOpen(provider: Provider, model: string): boolean {
    const { id } = targetAt(provider, provider.name, provider.baseUrl, model, model);
    return (this.#breakers.peek(id)?.waitMs ?? 0) > 0;
  }

  /** Whether a model at a provider has room for a call at the moment, as far as is known; `undefined` where calls are not paced. */
  hasRoom(provider: Provider, model: string, size: SizeFacts): boolean | undefined {
    if (!this.settings.pacing) return undefined;
    const target = targetAt(provider, provider.name, provider.baseUrl, model, model);
    return this.turns.waitMs(target, callSize(size)) === 0;
  }

  admits(target: Target): boolean {
    return this.breakerOf(target)?.admit() ?? true;
  }

  /** Takes a retry out of the provider's budget; `false`: it has none left. */
  mayRetry({ name }: Target): boolean {
    return this.#budgets.get(name).spend();
  }

  /** How long an answer may take to begin before a second attempt is made, in milliseconds. */
  hedgeAfterMs(target: Target, stream: boolean): number | undefined {
    const afterMs = this.settings.hedge?.afterMs;
    return afterMs === 'p95' ? this.#latencies.get(latencyKey(target, stream)).p95Ms : afterMs;
  }

  /** An attempt is about to be made. */
  begun({ target, key, reason }: Step): void {
    if (reason !== 'retry') this.#budgets.get(target.name).earn();
    if (key) key.inFlight += 1;
  }

  /** It is not made after all. */
  cancelled(step: Step): void {
    const { target, key } = step;
    if (key) key.inFlight -= 1;
    this.turns.giveBack(step);
    this.breakerOf(target)?.undecided();
  }

  /** An attempt has ended: updates the state of its target and its key. */
  ended(step: Step, end: AttemptEnd, kind: EndKind, stream: boolean): void {
    const { target, key } = step;
    if (!end.sent) this.turns.giveBack(step);
    if (this.settings.hedge?.afterMs === 'p95' && end.ok && end.firstByteMs !== undefined) {
      this.#latencies.get(latencyKey(target, stream)).add(end.firstByteMs);
    }
    const nowMs = Date.now();
    if (key) key.inFlight -= 1;
    const several = (target.provider?.keys.keys.length ?? 0) > 1;
    if (kind === 'key' && several) key?.rest(nowMs + refusedKeyRestMs);
    else if (kind === 'limited' && several) key?.rest(nowMs + (end.retryAfterMs ?? limitedKeyRestMs));
    else if (kind === 'ok') key?.wake();
    const breaker = this.breakerOf(target);
    if (!breaker) return;
    const { status } = end;
    const answered = end.ok || (status >= 300 && status < 500 && status !== 408);
    if (end.refused) breaker.undecided();
    else if (answered) breaker.succeeded();
    else if (end.stopped) breaker.undecided();
    else breaker.failed();
  }

  /** An answer that had been handed on broke off. */
  brokeOff({ target }: Step): void {
    this.breakerOf(target)?.failed();
  }

  #newBreaker(id: string): Breaker {
    const settings = this.settings.breaker as NonNullable<ResilienceSettings['breaker']>;
    return new Breaker(settings, {
      nowMs: this.settings.nowMs,
      changed: (open, openMs) => {
        this.turns.breakerChanged(id, open, openMs);
        publish('tollgate:upstream', () => ({ target: id, breaker: open ? 'open' : 'closed', openMs }));
      },
    });
  }
}

/**
 * Retries, fallbacks and circuit breakers for calls to providers. One for an app, passed to `proxy()` and to {@link resilient}, so that
 * they share its state. Throws a `TypeError` for a wrong or unknown option.
 */
export function resilience(options: ResilienceOptions = {}): Resilience {
  return new Resilience(options);
}

/** Answers in one piece begin when all is written, streams with the first word. */
const latencyKey = ({ id }: Target, stream: boolean): string => (stream ? `${id} stream` : id);

function fallbacksOf(fallbacks: Fallbacks, model: string | undefined) {
  if (model === undefined) return [];
  for (const pattern in fallbacks) {
    if (Object.hasOwn(fallbacks, pattern) && modelAllowed([pattern], model)) return fallbacks[pattern] ?? [];
  }
  return [];
}
