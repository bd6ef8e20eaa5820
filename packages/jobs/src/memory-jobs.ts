import { accepts, checkOptions } from '@tollgate/core/internal';
import { forgottenAtMs, type Job } from './job.js';
import type { JobPace, JobQueue, JobsQuery, JobWork } from './job-queue.js';

/** Options of {@link memoryJobs}. */
export interface MemoryJobsOptions {
  /**
   * How many jobs may wait; further ones are refused. One tenant's are at most half of the places that all others leave. Positive integer.
   * @defaultValue 100
   */
  maxJobs?: number;
  /** How many jobs are kept after their end; the oldest are forgotten first. Positive integer. @defaultValue 100 */
  maxKept?: number;
  /** Interval between searches for due jobs. Milliseconds, 10 to 60 000. @defaultValue 1_000 */
  pollMs?: number;
  /** Clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** Jobs in memory of one process, lost at its end. Throws a `TypeError` for a wrong or unknown option. */
export function memoryJobs(options: MemoryJobsOptions = {}): JobQueue {
  checkOptions<MemoryJobsOptions>('memoryJobs', options, {
    maxJobs: accepts.positiveInteger,
    maxKept: accepts.positiveInteger,
    pollMs: accepts.integerBetween(10, 60_000),
    now: accepts.function,
  });
  const { maxJobs = 100, maxKept = 100, pollMs = 1_000, now = Date.now } = options;
  return new MemoryJobs({ maxJobs, maxKept, pollMs, now });
}

class MemoryJobs implements JobQueue {
  readonly #waiting = new Map<string, Job>();
  /** By the order of their ends. */
  readonly #ended = new Map<string, Job>();
  readonly #running = new Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>();
  /** Jobs that ran and are due again at once, as with a clock behind that of their windows: they wait for the next search. */
  readonly #resting = new Set<string>();
  #work: JobWork | undefined;
  #concurrency = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(private readonly settings: Required<MemoryJobsOptions>) {}

  async add(job: Job): Promise<boolean> {
    if (this.#closed) throw new Error('the queue is closed');
    if (!this.#hasRoomFor(job)) return false;
    this.#keep(job);
    this.#round();
    return true;
  }

  async read(id: string) {
    this.#forget();
    const job = this.#waiting.get(id) ?? this.#ended.get(id);
    return job && { job, isRunning: this.#running.has(id) };
  }

  async list({ tenant, limit }: JobsQuery) {
    this.#forget();
    return [...this.#waiting.values(), ...this.#ended.values()]
      .filter(({ caller }) => tenant === undefined || caller.tenant === tenant)
      .sort((one, other) => other.createdAtMs - one.createdAtMs)
      .slice(0, limit)
      .map((job) => ({ job, isRunning: this.#running.has(job.id) }));
  }

  async cancel(cancelled: Job): Promise<Job | undefined> {
    const { id } = cancelled;
    if (this.#waiting.has(id)) {
      this.#running.get(id)?.stop.abort();
      this.#keep(cancelled);
      this.#round();
    }
    return this.#ended.get(id);
  }

  start(work: JobWork, { concurrency }: JobPace): void {
    if (this.#work) throw new Error('memoryJobs: started already');
    this.#work = work;
    this.#concurrency = concurrency;
    this.#timer = setInterval(() => {
      this.#resting.clear();
      this.#round();
    }, this.settings.pollMs);
    this.#timer.unref();
    this.#round();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** A tenant may hold as many places as are free: half of them at most, and of those that others hold none. */
  #hasRoomFor({ caller: { tenant } }: Job): boolean {
    let own = 0;
    for (const job of this.#waiting.values()) if (job.caller.tenant === tenant) own += 1;
    return own < this.settings.maxJobs - this.#waiting.size;
  }

  #round(): void {
    this.#forget();
    const work = this.#work;
    if (!work || this.#closed) return;
    const nowMs = this.settings.now();
    for (const jobs of [this.#waiting, this.#ended]) {
      for (const job of jobs.values()) {
        if (this.#running.size >= this.#concurrency) return;
        const isDue = job.dueAtMs !== undefined && job.dueAtMs <= nowMs;
        if (isDue && !this.#running.has(job.id) && !this.#resting.has(job.id)) this.#begin(job, work);
      }
    }
  }

  #begin(job: Job, work: JobWork): void {
    const stop = new AbortController();
    const done = work(job, { signal: stop.signal, interruptions: 0 }).then((next) => {
      this.#running.delete(job.id);
      this.#resting.add(job.id);
      // A job cancelled meanwhile stays cancelled.
      if (job.end || this.#waiting.has(job.id)) this.#keep(next);
      this.#round();
    });
    this.#running.set(job.id, { stop, done });
  }

  #keep(job: Job): void {
    this.#waiting.delete(job.id);
    if (!job.end) this.#waiting.set(job.id, job);
    else this.#ended.set(job.id, job);
  }

  #forget(): void {
    const nowMs = this.settings.now();
    for (const job of this.#ended.values()) {
      const isOver = (forgottenAtMs(job) ?? Infinity) <= nowMs || this.#ended.size > this.settings.maxKept;
      if (isOver && !this.#running.has(job.id)) this.#ended.delete(job.id);
    }
  }
}
