import { publish, warnOnce } from '@tollgate/core';

/** What must reach the store sooner or later: a charge, or a reservation's end. Repeating it changes nothing. */
type Settling = () => void | Promise<void>;

interface Waiting {
  readonly job: Settling;
  readonly tries: number;
  readonly dueMs: number;
}

/** At most so many wait, each tried so often: about three minutes with the pauses below. */
const maxWaiting = 10_000;
const maxTries = 12;
const firstPauseMs = 200;
const longestPauseMs = 30_000;

/** Brings settlements to the store: at once, and where that fails again and again with longer pauses. Never rejects. */
export class SettleQueue {
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #running = new Set<Promise<void>>();
  /** Settlements given up on: what they held ends with its lease, what they used is missing from the counters. */
  lost = 0;

  /** Tries at once. What it returns resolves when that try has ended, well or not; nothing where it has. */
  run(job: Settling): void | Promise<void> {
    return this.#try(job, 0);
  }

  /** Tries later: for what must not follow a failed call immediately. */
  later(job: Settling): void {
    this.#enqueue(job, 0);
  }

  /** Resolves when everything is settled or given up, retrying without pauses; at most `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    const untilMs = Date.now() + graceMs;
    while (this.#waiting.length + this.#running.size > 0 && Date.now() < untilMs) {
      const waiting = this.#waiting.splice(0);
      const tries = waiting.map(({ job, tries }) => this.#try(job, tries));
      await Promise.race([
        Promise.all([...this.#running, ...tries]),
        pause(Math.max(0, untilMs - Date.now())),
      ]);
      if (this.#waiting.length > 0) await pause(Math.min(firstPauseMs, Math.max(0, untilMs - Date.now())));
    }
  }

  #try(job: Settling, tries: number): void | Promise<void> {
    const failed = (error: unknown): void => {
      publish('tollgate:settle', () => ({ outcome: 'failed', tries: tries + 1, error: String(error) }));
      this.#enqueue(job, tries + 1);
    };
    let trying: void | Promise<void>;
    try {
      trying = job();
    } catch (error) {
      return failed(error);
    }
    if (!trying) return;
    const running = trying.catch(failed).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  #enqueue(job: Settling, tries: number): void {
    if (tries >= maxTries || this.#waiting.length >= maxWaiting) {
      this.lost += 1;
      publish('tollgate:settle', () => ({ outcome: 'lost', lost: this.lost }));
      warnOnce(
        'TOLLGATE_W_SETTLE_FAILED',
        'budget(): a settlement could not be brought to the quota store; counters lag behind the usage events',
      );
      return;
    }
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** tries);
    this.#waiting.push({ job, tries, dueMs: Date.now() + pauseMs });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer || this.#waiting.length === 0) return;
    const nextMs = this.#waiting.reduce(
      (least, { dueMs }) => Math.min(least, dueMs),
      Number.POSITIVE_INFINITY,
    );
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, nextMs - Date.now()));
    this.#timer.unref();
  }

  #wake(): void {
    this.#timer = undefined;
    const nowMs = Date.now();
    const due = this.#waiting.filter(({ dueMs }) => dueMs <= nowMs);
    this.#waiting = this.#waiting.filter(({ dueMs }) => dueMs > nowMs);
    for (const { job, tries } of due) void this.#try(job, tries);
    this.#schedule();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
