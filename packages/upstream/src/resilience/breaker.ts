import { CircuitState, SamplingBreaker } from 'cockatiel';

/** When a breaker opens, and for how long. */
export interface BreakerSettings {
  /** Share of failures above which it opens, 0 to 1. */
  readonly threshold: number;
  /** Over how long failures are counted, in milliseconds. */
  readonly windowMs: number;
  /** Fewer calls than this in a second are no sample. */
  readonly minimumRps: number;
  /** How long it stays open before one call may try, in milliseconds. */
  readonly openMs: number;
}

/** Callbacks of a breaker. */
export interface BreakerHost {
  readonly nowMs: () => number;
  /** It has opened because of its sample, for this many milliseconds, or closed again. */
  readonly changed: (open: boolean, openMs: number) => void;
}

/**
 * The breaker of one model at one provider. Closed, it samples the outcomes of calls; open, it admits none; then one trial call closes it
 * or opens it again. The sample is cockatiel's; the state is Tollgate's, since other processes may change it.
 */
export class Breaker {
  #sample: SamplingBreaker;
  #openUntilMs: number | undefined;
  /** Until when a running trial counts as running. */
  #trialUntilMs = 0;

  constructor(
    private readonly settings: BreakerSettings,
    private readonly host: BreakerHost,
  ) {
    this.#sample = this.#freshSample();
  }

  get isOpen(): boolean {
    return this.#openUntilMs !== undefined;
  }

  /** One call tries it. */
  get isTried(): boolean {
    return this.#openUntilMs !== undefined && this.#trialUntilMs > this.host.nowMs();
  }

  /** How long until a call may try, in milliseconds; 0: now. */
  get waitMs(): number {
    if (this.#openUntilMs === undefined) return 0;
    return Math.max(0, Math.max(this.#openUntilMs, this.#trialUntilMs) - this.host.nowMs());
  }

  /** Whether a call may be made; an open breaker that is due for a trial admits one. */
  admit(): boolean {
    if (this.#openUntilMs === undefined) return true;
    if (this.waitMs > 0) return false;
    this.#trialUntilMs = this.host.nowMs() + this.settings.openMs;
    return true;
  }

  succeeded(): void {
    if (this.#openUntilMs === undefined) {
      this.#sample.success(CircuitState.Closed);
      return;
    }
    this.close();
    this.host.changed(false, 0);
  }

  failed(): void {
    if (this.#openUntilMs === undefined && !this.#sample.failure(CircuitState.Closed)) return;
    const { openMs } = this.settings;
    this.open(openMs);
    this.host.changed(true, openMs);
  }

  /** The trial had no result: its client left. Another may try. */
  undecided(): void {
    this.#trialUntilMs = 0;
  }

  /** Opens, because of its sample or of another process's report. */
  open(forMs: number): void {
    this.#openUntilMs = this.host.nowMs() + forMs;
    this.#trialUntilMs = 0;
  }

  close(): void {
    this.#openUntilMs = undefined;
    this.#trialUntilMs = 0;
    this.#sample = this.#freshSample();
  }

  #freshSample(): SamplingBreaker {
    const { threshold, windowMs: duration, minimumRps } = this.settings;
    return new SamplingBreaker({ threshold, duration, minimumRps });
  }
}
