import type { TollgateError } from '@tollgate/core';
import type { Target } from '../call/target.js';
import { upstreamRateLimited, upstreamUnavailable } from '../exchange/errors.js';
import type { Wait } from '../pace/pacing.js';
import type { HeaderOf } from '../pace/stated-limits.js';
import { type AttemptEnd, type EndKind, kindOf } from './attempt-end.js';
import { backoffMs } from './backoff.js';
import type { Breaker } from './breaker.js';
import type { Pacer } from './pacer.js';
import type { ResilienceSettings } from './resilience-options.js';
import { RouteNotes } from './route-notes.js';
import type { CallWeight, Going, Step, StepReason } from './step.js';

/** What all calls share: breakers, retry budgets and turns. */
interface SharedState {
  readonly settings: ResilienceSettings;
  readonly turns: Pacer;
  begun(step: Step): void;
  ended(step: Step, end: AttemptEnd, kind: EndKind, stream: boolean): void;
  cancelled(step: Step): void;
  admits(target: Target): boolean;
  mayRetry(target: Target): boolean;
  hedgeAfterMs(target: Target, stream: boolean): number | undefined;
  breakerOf(target: Target): Breaker | undefined;
}

/**
 * The targets to try, their order and deadline: the decisions of one call, without any I/O. A failure is followed by another attempt only
 * where nothing was billed and nothing was sent to the client, within the bounds of attempts, time and the providers' retry budgets.
 */
export class CallPlan {
  readonly notes = new RouteNotes();
  #attempts = 0;
  #tries = 0;
  /** How long calls wait for which a target's rate limits have no room, in milliseconds. */
  #limitedMs: number | undefined;
  readonly #deadlineMs: number;

  constructor(
    private readonly targets: readonly Target[],
    private readonly state: SharedState,
    private readonly stream: boolean,
    /** Absent: calls are not paced. */
    private readonly weight?: CallWeight | undefined,
  ) {
    this.#deadlineMs = state.settings.nowMs() + state.settings.deadlineMs;
  }

  /** How much time is left for all attempts, in milliseconds. */
  get leftMs(): number {
    return this.#deadlineMs - this.state.settings.nowMs();
  }

  /** The first attempt; `undefined` where the breaker of every target is open: see {@link unavailable}. */
  first(): Step | undefined {
    return this.#choose(0, 'first') ?? this.#leastLimited(0);
  }

  /** Records the end of an attempt, and returns the next step; `undefined`: none. */
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

  /** Waits for an attempt's turn, where calls are paced, and for the trial of a breaker, where processes share them. */
  turn(step: Step, wait: Wait): Going | Promise<Going> {
    return this.state.turns.turn(step, this.weight, Math.min(step.patienceMs, this.leftMs), wait);
  }

  /** The step to try instead of an attempt that was not made. */
  elsewhere(step: Step, why: 'late' | 'open'): Step | undefined {
    this.#attempts -= 1;
    if (why === 'late') this.#limited(step.target);
    else this.notes.skipped(step.target, 'open');
    return this.#choose(step.index + 1, 'fallback') ?? this.#leastLimited(step.patienceMs);
  }

  /** The head of a response has arrived: reads its statement of the provider's rate limits. */
  stated(step: Step, status: number, headerOf: HeaderOf): void {
    if (this.weight) this.state.turns.stated(step, status, headerOf);
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
    const target = this.targets[index] as Target;
    if (this.#waitMs(target) > 0) return undefined;
    this.notes.hedged(step);
    const hedge = this.#step(target, index, 'hedge', 0);
    this.state.turns.takeAnyway(hedge, this.weight);
    return hedge;
  }

  /** An attempt that ran beside another has lost, or has failed as well. */
  lost(step: Step, end: AttemptEnd): void {
    this.state.ended(step, end, kindOf(end), this.stream);
  }

  /** An attempt is cancelled: its call is no longer wanted. */
  cancelled(step: Step): void {
    this.state.cancelled(step);
  }

  /** The error for the client where no target accepts calls at the moment. */
  unavailable(): TollgateError {
    if (this.#limitedMs !== undefined)
      return upstreamRateLimited({ retryAfterMs: Math.max(1, Math.ceil(this.#limitedMs)) });
    const waits = this.targets.map((target) => this.state.breakerOf(target)?.waitMs ?? 0);
    return upstreamUnavailable(undefined, { retryAfterMs: Math.max(1, Math.min(...waits)) });
  }

  #choose(from: number, reason: StepReason): Step | undefined {
    for (let index = from; index < this.targets.length; index += 1) {
      const target = this.targets[index] as Target;
      const patienceMs = this.#patienceMs(index);
      if (this.#waitMs(target) > patienceMs) {
        this.#limited(target);
        continue;
      }
      if (!this.state.admits(target)) {
        this.notes.skipped(target, 'open');
        continue;
      }
      this.#tries = 0;
      return this.#step(target, index, index === 0 ? 'first' : reason, 0, patienceMs);
    }
    return undefined;
  }

  /** Where every target's breaker is open or has no room: the target that has room first, if a wait longer than before is acceptable. */
  #leastLimited(waitedMs: number): Step | undefined {
    const { pacing } = this.state.settings;
    if (!pacing || this.#limitedMs === undefined) return undefined;
    const patienceMs = pacing.maxWaitMs - waitedMs;
    const waits = this.targets.map((target) => this.#waitMs(target));
    const leastMs = Math.min(...waits);
    const index = waits.indexOf(leastMs);
    const target = this.targets[index];
    if (!target || patienceMs <= 0 || leastMs > patienceMs || !this.state.admits(target)) return undefined;
    this.#tries = 0;
    return this.#step(target, index, index === 0 ? 'first' : 'fallback', 0, patienceMs);
  }

  /** How long a call waits for its turn at a target, in milliseconds: less where there is somewhere else to go. */
  #patienceMs(index: number): number {
    const { pacing } = this.state.settings;
    if (!pacing) return 0;
    return index < this.targets.length - 1 ? pacing.fallbackAfterMs : pacing.maxWaitMs;
  }

  /** How long until a target has room for the call, as far as is known, in milliseconds. */
  #waitMs(target: Target): number {
    return this.weight ? this.state.turns.waitMs(target, this.weight.size) : 0;
  }

  #limited(target: Target): void {
    this.notes.skipped(target, 'limited');
    this.#limitedMs = Math.min(this.#limitedMs ?? Number.POSITIVE_INFINITY, this.#waitMs(target));
  }

  /** Once more at the same target, with a key that is awake, after a wait. */
  #again(step: Step, end: AttemptEnd, kind: EndKind): Step | undefined {
    const { target, index } = step;
    const { retries, nowMs, random } = this.state.settings;
    const most = this.targets.length === 1 ? retries.onlyTarget : retries.perTarget;
    if (this.#tries >= most && kind !== 'key') return undefined;
    const otherKey = target.provider?.keys.hasOther(step.key, Date.now()) === true;
    if (kind === 'key' && !otherKey) return undefined;
    const attempt = otherKey && (kind === 'key' || kind === 'limited');
    if (end.retryUseless && !attempt) return undefined;
    const waitMs = attempt ? 0 : (end.retryAfterMs ?? backoffMs(retries, this.#tries, random()));
    if (end.retryAfterMs !== undefined && waitMs > retries.maxRetryAfterMs) return undefined;
    if (nowMs() + waitMs >= this.#deadlineMs) return undefined;
    if (!this.state.admits(target) || !this.state.mayRetry(target)) return undefined;
    return this.#step(target, index, 'retry', waitMs, this.#patienceMs(index));
  }

  #step(target: Target, index: number, reason: StepReason, afterMs: number, patienceMs = 0): Step {
    const alternative = index > 0 || this.#attempts > 0;
    this.#attempts += 1;
    this.#tries += 1;
    const key = this.state.turns.keyOf(target, this.weight?.size);
    const step: Step = { target, key, afterMs, reason, alternative, index, patienceMs };
    this.state.begun(step);
    return step;
  }
}
