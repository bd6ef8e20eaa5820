import { setTimeout as delay } from 'node:timers/promises';
import { publish } from '@tollgate/core/internal';
import type { AlertReport, IncidentChange } from './incident.js';
import type { IncidentStore } from './incident-store.js';
import type { NotificationSender } from './notification-sender.js';
import type { Storms } from './storms.js';

/** A store as the outbox sees it. */
interface OutboxSlot {
  readonly book: IncidentStore;
  readonly sender: NotificationSender;
}

/** The dependencies of an outbox. */
export interface AlertOutboxOptions {
  readonly shared: OutboxSlot;
  /** For reports that the shared store does not accept. */
  readonly own: OutboxSlot;
  readonly aloneAfterMs: number;
  readonly now: () => number;
  /** Absent: every incident is reported, however many there are. */
  readonly storms: Storms | undefined;
}

interface Waiting {
  readonly key: string;
  readonly change: IncidentChange;
}

/** A report repeated within this time by this process is not sent to the store again, in ms. */
const quietMs = 30_000;
const mostRemembered = 10_000;
const mostWaiting = 1_000;
const pauseMs = 250;

/**
 * Takes this process's reports, synchronously and without failing, and stores them in order. While the shared store is away for longer than
 * `aloneAfterMs`, this process notifies by itself: several notifications are better than none.
 */
export class AlertOutbox {
  readonly #waiting: Waiting[] = [];
  readonly #said = new Map<string, number>();
  #writing: Promise<void> | undefined;
  #dropped = 0;
  #ending = false;

  constructor(private readonly options: AlertOutboxOptions) {}

  /** How many reports had no room, here or in the store. */
  get dropped(): number {
    return this.#dropped;
  }

  report(report: AlertReport): void {
    const atMs = this.options.now();
    const { key, step = '', severity } = report;
    const name = `${severity} ${step} ${key}`;
    if ((this.#said.get(name) ?? Number.NEGATIVE_INFINITY) > atMs - quietMs) return;
    const [oldest] = this.#said.keys();
    if (this.#said.size >= mostRemembered && oldest !== undefined) this.#said.delete(oldest);
    this.#said.delete(name);
    this.#said.set(name, atMs);
    const told = this.options.storms ? this.options.storms.take(report, atMs) : report;
    if (told) this.put(told.key, { what: 'report', report: told, atMs });
  }

  put(key: string, change: IncidentChange): void {
    // A report after an end opens a new incident.
    if (change.what === 'resolve') this.#forget(key);
    if (this.#waiting.length >= mostWaiting) {
      this.#drop(key, 'too many wait');
      return;
    }
    this.#waiting.push({ key, change });
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when everything is written, or has nowhere to go. */
  async end(): Promise<void> {
    this.#ending = true;
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (;;) {
      const next = this.#waiting[0];
      if (!next) {
        // At once: a report in the next moment starts a new run.
        this.#writing = undefined;
        return;
      }
      await this.#write(next);
      this.#waiting.shift();
    }
  }

  async #write({ key, change }: Waiting): Promise<void> {
    const { shared, own, aloneAfterMs, now } = this.options;
    // An incident that this process opened alone is also ended by it.
    const mine = await own.book.find(key);
    let place = mine && mine.state !== 'resolved' ? own : shared;
    for (;;) {
      try {
        const result = await place.book.record(key, change);
        if (result === 'full') this.#drop(key, 'too many wait in the store');
        else if (result === 'written') void place.sender.round();
        return;
      } catch {
        if (this.#ending || now() - change.atMs >= aloneAfterMs) place = own;
        else await delay(pauseMs);
      }
    }
  }

  #forget(key: string): void {
    for (const name of this.#said.keys()) if (name.endsWith(` ${key}`)) this.#said.delete(name);
  }

  #drop(key: string, what: string): void {
    this.#dropped += 1;
    this.#forget(key);
    publish('tollgate:fault', () => ({ source: 'alerts', what, key }));
  }
}
