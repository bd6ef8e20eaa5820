import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { UsageEvent } from '@tollgate/core';
import { AppendFile, LineQueue, publish, warnOnce } from '@tollgate/core/internal';
import { adoptAbandoned, type OwnPart, ownPart } from './parts.js';
import type { SpoolOptions } from './spool-options.js';

/** The result of delivering events. Rejects where they must be delivered again. */
export type Deliver = (events: readonly UsageEvent[]) => Promise<{ refused: readonly UsageEvent[] }>;

/** Between rounds of handing on; after a failure, doubling up to the longest. */
const roundMs = 100;
const longestPauseMs = 5_000;
/** Interval between searches for parts of processes that have died. */
const adoptEveryMs = 60_000;
/** Events that may wait in memory while the disk takes none. */
const mostInMemory = 20_000;

/**
 * Events on their way into the database, on this machine's disk: appended in batches, delivered in order, removed after that. Events left
 * by a process that has died are delivered by the next.
 */
export class Spool {
  droppedCount = 0;
  readonly #options: Required<SpoolOptions>;
  readonly #deliver: Deliver;
  readonly #refused: AppendFile;
  readonly #own: OwnPart;
  readonly #stop = new AbortController();
  readonly #carrying: Promise<void>;
  readonly #whenCaughtUp: (() => void)[] = [];
  readonly #queue = new LineQueue<string>(
    (lines) => this.#append(lines),
    (error) => this.#failed('append', undefined, error),
  );
  #diskFails = false;
  /** The file that is appended to is to be closed. */
  #rotates = false;
  #wake: (() => void) | undefined;
  /** `caughtUp()` was called since the last round began: no pause before the next. */
  #isAwaited = false;

  /** Takes its part of the folder at once; throws where the folder cannot be written to. */
  constructor(options: Required<SpoolOptions>, deliver: Deliver) {
    this.#options = options;
    this.#deliver = deliver;
    this.#refused = new AppendFile(join(options.directory, 'refused.jsonl'), options.sync);
    this.#own = ownPart(options.directory, options.sync);
    this.#carrying = this.#carry();
  }

  get directory(): string {
    return this.#options.directory;
  }

  /** From nine tenths on, or while the disk takes nothing and half of the memory for it is used. */
  get isFull(): boolean {
    return this.#own.segments.bytes > 0.9 * this.#options.maxBytes || this.#queue.size > mostInMemory / 2;
  }

  /** Takes an event; one beyond the bounds, or that is no JSON, is dropped, published and counted. */
  write(event: UsageEvent): void {
    if (this.#own.segments.bytes > this.#options.maxBytes || this.#queue.size >= mostInMemory) {
      this.droppedCount += 1;
      this.#failed('full', event.eventId);
      return;
    }
    try {
      this.#queue.add(`${JSON.stringify(event)}\n`);
    } catch (error) {
      // Nested without end, or around itself: nothing can hold it, and its sender must not fail over it.
      this.droppedCount += 1;
      this.#failed('refused', event.eventId, error);
      return;
    }
    if (!this.#diskFails) void this.#drain();
  }

  /** Resolves when all events written so far, and those left by earlier processes on this machine, are delivered. */
  caughtUp(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenCaughtUp.push(resolve);
      this.#isAwaited = true;
      this.#wake?.();
    });
  }

  /** Resolves when everything written so far is on the disk; rejects where it cannot be. */
  async flush(): Promise<void> {
    do await this.#drain();
    while (this.#queue.size > 0 && !this.#diskFails);
    if (this.#queue.size > 0)
      throw new Error(`${this.#queue.size} usage events wait: the spool cannot be written`);
  }

  /** Delivers as much as it can within `withinMs`, and stops at the first failure; the rest stays on the disk for the next process. */
  async close(withinMs: number): Promise<void> {
    await this.flush().catch(() => undefined);
    this.#stop.abort();
    this.#wake?.();
    const timer = new AbortController();
    const late = delay(withinMs, undefined, { signal: timer.signal });
    const lastRound = this.#carrying.then(() => this.#round());
    await Promise.race([lastRound, late]).catch(() => undefined);
    timer.abort();
    await this.#own.end();
    await this.#refused.close();
  }

  /** Appends the waiting events. Never rejects. */
  async #drain(): Promise<void> {
    this.#diskFails = !(await this.#queue.drain());
  }

  /** While the disk takes nothing, the database may. Rejects where neither does; nothing is lost then. */
  async #append(lines: readonly string[]): Promise<void> {
    const { segments } = this.#own;
    // First: were it to fail after the lines are there, they would be written again.
    if (this.#rotates) await segments.rotate();
    this.#rotates = false;
    if (lines.length === 0) return;
    await segments
      .append(lines.join(''))
      .catch(() => this.#handOn(lines.map((line) => JSON.parse(line) as UsageEvent)));
  }

  /** Hands on round by round until it is stopped. Never rejects. */
  async #carry(): Promise<void> {
    const { directory, sync } = this.#options;
    let pauseMs = roundMs;
    let adoptAtMs = 0;
    while (!this.#stop.signal.aborted) {
      try {
        const asked = this.#whenCaughtUp.length;
        this.#isAwaited = false;
        await this.#round();
        if (Date.now() >= adoptAtMs) {
          await adoptAbandoned(directory, sync, (...left) => this.#handOn(...left));
          adoptAtMs = Date.now() + adoptEveryMs;
        }
        for (const resolve of this.#whenCaughtUp.splice(0, asked)) resolve();
        pauseMs = roundMs;
      } catch (error) {
        pauseMs = Math.min(longestPauseMs, pauseMs * 2);
        this.#failed('deliver', undefined, error);
      }
      await this.#pause(pauseMs);
    }
  }

  /** Hands on everything that is there. A file is closed only when none waits: during an outage of the database they stay few. */
  async #round(): Promise<void> {
    // Also what is being appended at the moment.
    await this.#drain();
    await this.#handOnClosed();
    this.#rotates = this.#own.segments.hasCurrent;
    if (!this.#rotates) return;
    await this.#drain();
    await this.#handOnClosed();
  }

  async #handOnClosed(): Promise<void> {
    const { segments } = this.#own;
    for (let oldest = await segments.oldest(); oldest; oldest = await segments.oldest()) {
      await this.#handOn(oldest.events, oldest.torn);
      await segments.removeOldest();
    }
  }

  async #handOn(events: readonly UsageEvent[], torn = 0): Promise<void> {
    if (torn > 0) this.#failed('torn');
    const { refused } = await this.#deliver(events);
    if (refused.length === 0) return;
    for (const { eventId } of refused) this.#failed('refused', eventId);
    await this.#refused.append(refused.map((event) => `${JSON.stringify(event)}\n`).join(''));
  }

  /** Sleeps between rounds; keeps no process alive. */
  async #pause(ms: number): Promise<void> {
    if (this.#stop.signal.aborted || this.#isAwaited) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #failed(what: 'full' | 'append' | 'deliver' | 'refused' | 'torn', eventId?: string, cause?: unknown): void {
    const error = cause instanceof Error ? cause.name : undefined;
    publish('tollgate:fault', () => ({ source: 'ledger-spool', what, eventId, error }));
    if (what === 'deliver') return; // the database is away, which the spool bridges
    warnOnce('TOLLGATE_W_SINK_FAILED', `The spool in ${this.#options.directory} failed (${what}).`);
  }
}
