import { type AlertStore, type DueAlertWork, publish, withinDeadline } from '@tollgate/core/internal';
import { type AlertDestination, DeliveryFailure } from './destination.js';
import { endsIn, type IncidentStore, type Work } from './incident-store.js';

/** How a sender works. */
export interface NotificationSenderOptions {
  readonly store: AlertStore;
  readonly book: IncidentStore;
  readonly destinations: readonly AlertDestination[];
  readonly pollMs: number;
  readonly deadlineMs: number;
  readonly retryMs: number;
  readonly longestRetryMs: number;
  readonly giveUpAfterMs: number;
  readonly now: () => number;
  readonly random: () => number;
}

/** The most deliveries that one process has under way at once. */
const mostAtOnce = 16;
/** Time of a lease beyond the receiver's deadline, for the store, in ms. */
const spareMs = 5_000;
/** The longest wait that a receiver can request, in ms. */
const longestWishMs = 3_600_000;

/** Sends the notifications in a store, of this process and of others; repeats each until it is received or too old. Never rejects. */
export class NotificationSender {
  readonly #timer: NodeJS.Timeout;
  /** Receivers that have requested a wait, and its end. */
  readonly #restUntilMs = new Map<string, number>();
  #underWay = 0;
  #asking = false;
  #ended = false;
  #given = 0;

  constructor(private readonly options: NotificationSenderOptions) {
    this.#timer = setInterval(() => void this.round(), options.pollMs);
    this.#timer.unref();
  }

  /** How many notices were given up. */
  get givenUp(): number {
    return this.#given;
  }

  get isIdle(): boolean {
    return this.#underWay === 0 && !this.#asking;
  }

  /** Takes due tasks; resolves when they are under way. */
  async round(): Promise<void> {
    const room = mostAtOnce - this.#underWay;
    if (this.#asking || this.#ended || room === 0) return;
    this.#asking = true;
    try {
      for (const due of await this.options.store.take(room, this.options.deadlineMs + spareMs)) {
        this.#underWay += 1;
        void this.#attend(due).finally(() => {
          this.#underWay -= 1;
          void this.round();
        });
      }
    } catch {
      // The store is away, and publishes that itself; the next round asks again.
    } finally {
      this.#asking = false;
    }
  }

  end(): void {
    this.#ended = true;
    clearInterval(this.#timer);
  }

  async #attend({ id, text, tries }: DueAlertWork): Promise<void> {
    const { store, now } = this.options;
    try {
      const work = JSON.parse(text) as Work;
      const againMs = work.what === 'look' ? await this.#look(work) : await this.#tell(work, tries, now());
      if (againMs === undefined) await store.done(id);
      else await store.later(id, againMs);
    } catch {
      // The store went away: a process takes it again when the lease has passed.
    }
  }

  /** Resolves an incident that has ended; otherwise returns in how many ms to check again. */
  async #look({ key, incident }: Extract<Work, { what: 'look' }>): Promise<number | undefined> {
    const { book, now } = this.options;
    const found = await book.find(key);
    if (found?.id !== incident || found.state === 'resolved') return undefined;
    const left = endsIn(found, now());
    if (left !== undefined && left > 0) return left;
    const why = found.endsAtMs === undefined ? 'nothing was seen of it any more' : 'its window has ended';
    const result = await book.record(key, { what: 'resolve', why, atMs: now() });
    return result === 'full' ? 60_000 : undefined;
  }

  /** Nothing: it was received, or is given up; else in how many ms to try again. */
  async #tell(
    work: Extract<Work, { what: 'tell' }>,
    tries: number,
    nowMs: number,
  ): Promise<number | undefined> {
    const { destinations, deadlineMs, retryMs, longestRetryMs, giveUpAfterMs, random, now } = this.options;
    const failed = (error: unknown): DeliveryFailure =>
      error instanceof DeliveryFailure ? error : new DeliveryFailure('failed');
    const restMs = (this.#restUntilMs.get(work.to) ?? 0) - nowMs;
    if (restMs > 0) return restMs;
    const destination = destinations.find(({ name }) => name === work.to);
    let failure: DeliveryFailure;
    try {
      // During a deployment, a process may lack a destination of another.
      if (!destination) throw new DeliveryFailure('is not known to this process');
      const sent = destination.send(work.notice, AbortSignal.timeout(deadlineMs));
      await withinDeadline(deadlineMs, sent, () => new DeliveryFailure('took too long'));
      say(work, 'received');
      return undefined;
    } catch (error) {
      failure = failed(error);
    }
    const isOver = failure.isFinal || nowMs - work.notice.incident.updatedAtMs > giveUpAfterMs;
    if (isOver) this.#given += 1;
    say(work, isOver ? 'given up' : 'not received');
    publish('tollgate:fault', () => ({
      source: 'alerts',
      what: isOver ? 'given up' : 'not received',
      to: work.to,
      notice: work.notice.id,
      tries,
      error: failure.message,
    }));
    if (isOver) return undefined;
    const backOffMs = Math.min(longestRetryMs, retryMs * 2 ** Math.min(tries - 1, 30));
    const wishMs = Math.min(failure.retryAfterMs ?? 0, longestWishMs);
    // Counted from its answer, which may have come long after the notice was sent.
    if (wishMs > 0) this.#restUntilMs.set(work.to, now() + wishMs);
    // Never sooner than requested; otherwise spread, so that processes do not retry together.
    return Math.ceil(Math.max(wishMs, backOffMs * (0.5 + random() / 2)));
  }
}

function say(
  { to, notice: { event, incident } }: Extract<Work, { what: 'tell' }>,
  outcome: 'received' | 'not received' | 'given up',
): void {
  const { key, kind, severity } = incident;
  publish('tollgate:alert', () => ({ to, event, key, kind, severity, outcome }));
}
