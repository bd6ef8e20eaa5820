import type { Timeouts } from '../provider/timeouts.js';
import type { TimeoutKind } from './errors.js';

/** The progress of an attempt. */
export type Phase = 'connect' | 'first-byte' | 'body' | 'done';

/** The parts of an attempt that a clock uses. */
export interface AttemptClockHost {
  readonly timeouts: Required<Timeouts>;
  /** Monotonic, in milliseconds. */
  readonly nowMs: () => number;
  /** The client is the slow one: the provider is not idle. */
  readonly isPaused: () => boolean;
  readonly passed: (kind: TimeoutKind) => void;
}

/**
 * The phase of an attempt and its limits, on one coarse timer. A piece of an answer only moves a number; the timer finds out when
 * it fires that the limit has moved on, and waits for the rest.
 */
export class AttemptClock {
  #phase: Phase = 'connect';
  readonly #startedMs: number;
  #sinceMs: number;
  #timer: NodeJS.Timeout | undefined;
  #armedForMs = Number.POSITIVE_INFINITY;

  constructor(private readonly host: AttemptClockHost) {
    this.#startedMs = host.nowMs();
    this.#sinceMs = this.#startedMs;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get elapsedMs(): number {
    return this.host.nowMs() - this.#startedMs;
  }

  start(): void {
    this.#arm();
  }

  enter(phase: 'first-byte' | 'body'): void {
    this.#phase = phase;
    this.touch();
    this.#arm();
  }

  /** Bytes have arrived, or are expected again. */
  touch(): void {
    this.#sinceMs = this.host.nowMs();
  }

  stop(): void {
    this.#phase = 'done';
    clearTimeout(this.#timer);
  }

  /** Arms the timer, or makes it fire earlier where the next limit is closer. */
  #arm(): void {
    const { atMs } = this.#next();
    if (atMs >= this.#armedForMs) return;
    clearTimeout(this.#timer);
    this.#armedForMs = atMs;
    // Node may fire a millisecond early.
    this.#timer = setTimeout(() => this.#fire(), Math.max(1, Math.ceil(atMs - this.host.nowMs()) + 1));
    // A running call has a connection, which keeps the process alive; a call with an unread body must not.
    this.#timer.unref();
  }

  #fire(): void {
    this.#armedForMs = Number.POSITIVE_INFINITY;
    const { atMs, kind } = this.#next();
    if (this.host.nowMs() >= atMs) this.host.passed(kind);
    else this.#arm();
  }

  #next(): { atMs: number; kind: TimeoutKind } {
    const { timeouts, nowMs, isPaused } = this.host;
    const totalAtMs = this.#startedMs + timeouts.totalMs;
    const sinceMs = isPaused() ? nowMs() : this.#sinceMs;
    const { kind, afterMs } = partOf(this.#phase, timeouts);
    const partAtMs = sinceMs + afterMs;
    return partAtMs < totalAtMs ? { atMs: partAtMs, kind } : { atMs: totalAtMs, kind: 'total' };
  }
}

/** The timeout of a phase. */
function partOf(
  phase: Phase,
  { connectMs, firstByteMs, idleMs, totalMs }: Required<Timeouts>,
): { kind: TimeoutKind; afterMs: number } {
  if (phase === 'connect') return { kind: 'connect', afterMs: connectMs };
  if (phase === 'first-byte') return { kind: 'first-byte', afterMs: firstByteMs };
  return phase === 'body' ? { kind: 'idle', afterMs: idleMs } : { kind: 'total', afterMs: totalMs };
}
