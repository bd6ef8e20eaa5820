import type { TollgateError } from '@tollgate/core';
import type { ProviderKey } from '../key-ring.js';
import { upstreamUnavailable } from '../upstream-error.js';
import { type AttemptEnd, type EndKind, kindOf } from './attempt-end.js';
import { backoffMs } from './backoff.js';
import type { Resilience } from './resilience.js';
import { RouteNotes } from './route-notes.js';
import type { Target } from './target.js';

/** Why an attempt is made. */
export type StepReason = 'first' | 'retry' | 'fallback' | 'hedge';

/** One attempt that is to be made. */
export interface Step {
  readonly target: Target;
  readonly key: ProviderKey | undefined;
  /** To wait before it, in milliseconds. */
  readonly afterMs: number;
  readonly reason: StepReason;
  /** Another way stands where it is refused: the refusal is not the request's. */
  readonly alternative: boolean;
  readonly index: number;
}

/**
 * What is tried, in which order, until when: the decisions of one call, without any I/O. Each failure is followed by another attempt
 * only where nothing was billed and nothing was seen, within the bounds of attempts, time and the providers' retry budgets.
 */
export class CallPlan {
  readonly notes = new RouteNotes();
  #attempts = 0;
  #tries = 0;
  readonly #deadlineMs: number;

  constructor(
    private readonly targets: readonly Target[],
    private readonly state: Resilience,
    private readonly stream: boolean,
  ) {
    this.#deadlineMs = state.settings.nowMs() + state.settings.deadlineMs;
  }

  /** How much time is left for all attempts, in milliseconds. */
  get leftMs(): number {
    return this.#deadlineMs - this.state.settings.nowMs();
  }

  /** The first attempt; `undefined` where every target is left alone: see {@link unavailable}. */
  first(): Step | undefined {
    return this.#choose(0, 'first');
  }

  /** Takes note of how an attempt ended, and says what follows; `undefined`: nothing. */
  after(step: Step, end: AttemptEnd): Step | undefined {
    const kind = kindOf(end);
    this.notes.ended(step, end);
    this.state.ended(step, end, kind, this.stream);
    if (kind === 'ok' || kind === 'final') return undefined;
    const { retries } = this.state.settings;
    if (kind === 'uncertain' && retries.whenUncertain === 'stop') return undefined;
    if (this.#attempts >= retries.attempts || this.leftMs <= 0) return undefined;
    if (kind === 'refused') return step.alternative ? this.#choose(step.index + 1, 'fallback') : undefined;
    return this.#again(step, end, kind) ?? this.#choose(step.index + 1, 'fallback');
  }

  /** When a second attempt is made beside this one, in milliseconds; `undefined`: never. */
  hedgeAfterMs({ target, reason }: Step): number | undefined {
    if (reason === 'hedge') return undefined;
    return this.state.hedgeAfterMs(target, this.stream);
  }

  /** The second attempt beside one that keeps its caller waiting: of the same model elsewhere, or at the same place once more. */
  hedge(step: Step): Step | undefined {
    if (this.#attempts >= this.state.settings.retries.attempts || !this.state.mayRetry(step.target))
      return undefined;
    const elsewhere = this.targets.findIndex(
      (one, at) => at > step.index && !one.substituted && this.state.admits(one),
    );
    const index = elsewhere === -1 ? step.index : elsewhere;
    this.notes.hedged(step);
    return this.#step(this.targets[index] as Target, index, 'hedge', 0);
  }

  /** An attempt that ran beside another has lost, or has failed as well. */
  lost(step: Step, end: AttemptEnd): void {
    this.state.ended(step, end, kindOf(end), this.stream);
  }

  /** An attempt is not made after all: nobody waits for it any more. */
  cancelled(step: Step): void {
    this.state.cancelled(step);
  }

  /** What the client is told where no target takes calls at the moment. */
  unavailable(): TollgateError {
    const waits = this.targets.map((target) => this.state.breakerOf(target)?.waitMs ?? 0);
    return upstreamUnavailable(undefined, { retryAfterMs: Math.max(1, Math.min(...waits)) });
  }

  #choose(from: number, reason: StepReason): Step | undefined {
    for (let index = from; index < this.targets.length; index += 1) {
      const target = this.targets[index] as Target;
      if (!this.state.admits(target)) {
        this.notes.skipped(target, 'open');
        continue;
      }
      this.#tries = 0;
      return this.#step(target, index, index === 0 ? 'first' : reason, 0);
    }
    return undefined;
  }

  /** Once more at the same target, with a key that is awake, after a wait. */
  #again(step: Step, end: AttemptEnd, kind: EndKind): Step | undefined {
    const { target, index } = step;
    const { retries, nowMs, random } = this.state.settings;
    if (this.#tries >= retries.perTarget && kind !== 'key') return undefined;
    const otherKey = target.provider?.keys.hasOther(step.key, Date.now()) === true;
    if (kind === 'key' && !otherKey) return undefined;
    const atOnce = otherKey && (kind === 'key' || kind === 'limited');
    if (end.retryUseless && !atOnce) return undefined;
    const waitMs = atOnce ? 0 : (end.retryAfterMs ?? backoffMs(retries, this.#tries, random()));
    if (end.retryAfterMs !== undefined && waitMs > retries.maxRetryAfterMs) return undefined;
    if (nowMs() + waitMs >= this.#deadlineMs) return undefined;
    if (!this.state.admits(target) || !this.state.mayRetry(target)) return undefined;
    return this.#step(target, index, 'retry', waitMs);
  }

  #step(target: Target, index: number, reason: StepReason, afterMs: number): Step {
    const alternative = index > 0 || this.#attempts > 0;
    this.#attempts += 1;
    this.#tries += 1;
    const key = target.provider?.keys.take(Date.now());
    const step = { target, key, afterMs, reason, alternative, index };
    this.state.begun(step);
    return step;
  }
}
