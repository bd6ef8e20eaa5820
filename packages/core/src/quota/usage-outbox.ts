import { setTimeout as delay } from 'node:timers/promises';
import type { UsageEvent, UsageSink } from '../call/usage-event.js';
import { publish } from '../lib/channel.js';
import { warnOnce } from '../lib/warning.js';

/** Waits between attempts at writing an event; after the last the event is given up. */
const usualDelaysMs: readonly number[] = [50, 250, 1_000, 3_000];
/** Writes of one sink that may be under way at once. */
const writesAtOnce = 32;
/** Events that may wait for one sink; beyond, the oldest are given up, for memory is bounded. */
const mostWaiting = 100_000;
/** How long `flush` waits for a sink that never answers. */
const flushMs = 15_000;

/**
 * Delivers usage events to sinks, apart from the operations that cause them: a failing or slow sink delays nothing, is tried again
 * a few times, and is reported on `tollgate:fault` and by the warning `TOLLGATE_W_SINK_FAILED`.
 */
export class UsageOutbox {
  readonly #lanes: readonly SinkLane[];

  constructor(sinks: readonly UsageSink[], retryDelaysMs: readonly number[] = usualDelaysMs) {
    this.#lanes = sinks.map((sink) => new SinkLane(sink, retryDelaysMs));
  }

  readonly put = (event: UsageEvent): void => {
    for (const lane of this.#lanes) lane.put(event);
  };

  /** Resolves when every sink has everything, or has failed for good. Never rejects. */
  async flush(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.flush()));
  }
}

class SinkLane {
  readonly #sink: UsageSink;
  readonly #retryDelaysMs: readonly number[];
  #waiting: UsageEvent[] = [];
  #underWay = 0;
  #scheduled = false;
  #idle: (() => void)[] = [];

  constructor(sink: UsageSink, retryDelaysMs: readonly number[]) {
    this.#sink = sink;
    this.#retryDelaysMs = retryDelaysMs;
  }

  put(event: UsageEvent): void {
    this.#waiting.push(event);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#pump());
  }

  async flush(): Promise<void> {
    const emptied = new Promise<void>((resolve) => {
      if (this.#waiting.length + this.#underWay === 0) resolve();
      else this.#idle.push(resolve);
    });
    const bound = new AbortController();
    const late = delay(flushMs, undefined, { signal: bound.signal }).then(
      () => this.#failed('flush', undefined, true),
      () => undefined,
    );
    await Promise.race([emptied.then(() => this.#flushSink()), late]);
    bound.abort();
  }

  async #flushSink(): Promise<void> {
    try {
      await this.#sink.flush?.();
    } catch (cause) {
      this.#failed('flush', undefined, true, cause);
    }
  }

  #pump(): void {
    this.#scheduled = false;
    const due = this.#waiting.splice(0, writesAtOnce - this.#underWay);
    const tooMany = this.#waiting.length - mostWaiting;
    if (tooMany > 0) {
      for (const event of this.#waiting.splice(0, tooMany)) this.#failed('write', event, true);
    }
    for (const event of due) {
      this.#underWay += 1;
      void this.#deliver(event);
    }
  }

  async #deliver(event: UsageEvent): Promise<void> {
    for (const wait of [...this.#retryDelaysMs, undefined]) {
      try {
        const written = this.#sink.write(event);
        if (written !== undefined) await written;
        break;
      } catch (cause) {
        this.#failed('write', event, wait === undefined, cause);
        if (wait !== undefined) await delay(wait);
      }
    }
    this.#underWay -= 1;
    if (this.#waiting.length > 0) this.#schedule();
    else if (this.#underWay === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #failed(what: 'write' | 'flush', event: UsageEvent | undefined, final: boolean, cause?: unknown): void {
    const error = cause instanceof Error ? cause.name : undefined;
    publish('tollgate:fault', () => ({ source: 'usage-sink', what, eventId: event?.eventId, final, error }));
    warnOnce(
      'TOLLGATE_W_SINK_FAILED',
      `A usage sink failed to ${what}${final ? '' : '; it is tried again'}.`,
    );
  }
}
