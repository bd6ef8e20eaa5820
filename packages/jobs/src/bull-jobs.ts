import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { accepts, checkOptions, publish } from '@tollgate/core/internal';
import { forgottenAtMs, type Job } from './job.js';
import type { JobPace, JobQueue, JobsQuery, JobWork } from './job-queue.js';

/** The parts of a BullMQ 5 or 6 job that are used. */
interface BullJob {
  data: unknown;
  /** How often its process died. */
  stalledCounter: number;
  /** How often it failed in other ways. */
  attemptsMade: number;
  updateData(data: object): Promise<void>;
  moveToDelayed(timestampMs: number, token?: string): Promise<void>;
  promote(): Promise<void>;
  isActive(): Promise<boolean>;
}

/** States of jobs that have not ended. */
type LiveState = 'waiting' | 'delayed' | 'active';

/** The parts of a BullMQ `Queue` that are used. */
interface BullQueue {
  add(name: string, data: object, options: object): Promise<unknown>;
  getJob(id: string): Promise<BullJob | undefined>;
  getJobCounts(...types: LiveState[]): Promise<Readonly<Record<string, number>>>;
  /** Ids, from the first to that index of each state. */
  getRanges(types: (LiveState | 'completed' | 'failed')[], start: number, end: number): Promise<string[]>;
  clean(graceMs: number, most: number, type: 'completed' | 'failed'): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): Promise<void>;
}

/** The parts of a BullMQ `Worker` that are used. */
interface BullWorker {
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): Promise<void>;
}

/** Options of a worker, beside its connection. */
interface BullWorkerOptions {
  readonly concurrency: number;
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly maxStalledCount: number;
}

/** Options of {@link bullJobs}. */
export interface BullJobsOptions {
  /** `new Queue('jobs', { connection })`; for these jobs alone. Closed by `close()`. */
  queue: BullQueue;
  /** `(process, options) => new Worker('jobs', process, { ...options, connection })`: of the same name, connection and prefix. */
  worker: (
    process: (job: BullJob, token?: string) => Promise<void>,
    options: BullWorkerOptions,
  ) => BullWorker;
  /**
   * How many jobs may wait, of all processes; a few more where several add at once. One tenant's are at most half of the places that all others leave.
   * Positive integer. @defaultValue 10_000
   */
  maxJobs?: number;
  /** How many are kept after their end. Positive integer. @defaultValue 10_000 */
  maxKept?: number;
  /** A job without a sign of life from its process for this long is assigned again. Milliseconds, 1 000 to 3 600 000. @defaultValue 30_000 */
  lockMs?: number;
  /** How often a process checks whether another one has cancelled a running job. Milliseconds, 100 to 60 000. @defaultValue 2_000 */
  lookEveryMs?: number;
}

const cleanEveryMs = 60_000;
/** Jobs of each state among which the newest are searched. */
const mostListed = 9_999;
const live: LiveState[] = ['waiting', 'delayed', 'active'];
/** How long a count of jobs by tenant is reused. In milliseconds. */
const ownersKeptMs = 500;
/** Attempts, a second apart, to store a result on a server that does not accept it. */
const mostStores = 30;

/**
 * Jobs in BullMQ, on Redis or PostgreSQL: of all processes, and kept as well as their server keeps its data. The app makes queue and worker with
 * its own connection. Throws a `TypeError` for a wrong, unknown or missing option.
 */
export function bullJobs(options: BullJobsOptions): JobQueue {
  checkOptions<BullJobsOptions>(
    'bullJobs',
    options,
    {
      queue: accepts.methods('add', 'getJob', 'getJobCounts', 'getRanges', 'clean', 'on', 'close'),
      worker: accepts.function,
      maxJobs: accepts.positiveInteger,
      maxKept: accepts.positiveInteger,
      lockMs: accepts.integerBetween(1_000, 3_600_000),
      lookEveryMs: accepts.integerBetween(100, 60_000),
    },
    ['queue', 'worker'],
  );
  const { queue, worker, maxJobs = 10_000, maxKept = 10_000, lockMs = 30_000, lookEveryMs = 2_000 } = options;
  return new BullJobs({ queue, worker, maxJobs, maxKept, lockMs, lookEveryMs });
}

class BullJobs implements JobQueue {
  readonly #queue: BullQueue;
  /** The jobs that this process runs now, with their controllers. */
  readonly #running = new Map<string, AbortController>();
  /** The last count of unfinished jobs, and when it began. */
  #owners: { readonly atMs: number; readonly counts: Promise<Map<string, number>> } | undefined;
  #worker: BullWorker | undefined;
  #cleaning: NodeJS.Timeout | undefined;

  constructor(private readonly settings: Required<BullJobsOptions>) {
    this.#queue = settings.queue;
    this.#queue.on('error', tellFault);
  }

  async add(job: Job): Promise<boolean> {
    const { maxJobs, maxKept } = this.settings;
    const counts = await this.#queue.getJobCounts(...live);
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const { tenant } = job.caller;
    // In a queue that is less than half full, every tenant has fewer jobs than there are free places.
    const owned = 2 * all >= maxJobs ? await this.#countByMark() : undefined;
    const mark = markOf(tenant);
    if (owned && (owned.get(mark) ?? 0) >= maxJobs - all) return false;
    const kept = { age: Math.ceil(job.keepMs / 1_000), count: maxKept };
    await this.#queue.add('request', job, {
      jobId: bullId(job.id, tenant),
      delay: Math.max(0, (job.dueAtMs ?? 0) - Date.now()),
      // A run whose result could not be stored is repeated, at most `maxInterruptions` times.
      ...{ attempts: 1_000, backoff: { type: 'fixed', delay: 5_000 }, stackTraceLimit: 0 },
      ...{ removeOnComplete: kept, removeOnFail: kept },
    });
    owned?.set(mark, (owned.get(mark) ?? 0) + 1);
    return true;
  }

  /** Unfinished jobs by the mark of their tenant. Concurrent requests share one query of the queue. */
  #countByMark(): Promise<Map<string, number>> {
    const atMs = performance.now();
    if (this.#owners && atMs - this.#owners.atMs < ownersKeptMs) return this.#owners.counts;
    const counts = this.#queue.getRanges(live, 0, this.settings.maxJobs).then((ids) => {
      const found = new Map<string, number>();
      for (const id of ids) found.set(id.slice(-markLength), (found.get(id.slice(-markLength)) ?? 0) + 1);
      return found;
    });
    this.#owners = { atMs, counts };
    counts.catch(() => {
      this.#owners = undefined;
    });
    return counts;
  }

  async read(id: string, tenant: string) {
    const found = await this.#queue.getJob(bullId(id, tenant));
    const job = found && jobOf(found);
    if (!job || (forgottenAtMs(job) ?? Infinity) <= Date.now()) return undefined;
    return { job, isRunning: !job.end && (await found.isActive()) };
  }

  async list({ tenant, limit }: JobsQuery) {
    const ids = await this.#queue.getRanges([...live, 'completed', 'failed'], 0, mostListed);
    const mark = tenant === undefined ? '' : markOf(tenant);
    // Ids begin with the time of their request.
    const newest = ids.filter((id) => id.endsWith(mark)).sort((one, other) => (one < other ? 1 : -1));
    const found = [];
    // One after the other, and without their contents, which may be large.
    for (const id of newest.slice(0, limit)) {
      const one = await this.#queue.getJob(id);
      if (!one) continue;
      const { end, ...job } = jobOf(one);
      found.push({
        job: { ...job, request: undefined, end: end && { ...end, answer: undefined } },
        isRunning: !end && (await one.isActive()),
      });
    }
    return found;
  }

  async cancel(cancelled: Job): Promise<Job | undefined> {
    const found = await this.#queue.getJob(bullId(cancelled.id, cancelled.caller.tenant));
    if (!found) return undefined;
    const job = jobOf(found);
    if (job.end) return job;
    await found.updateData(cancelled);
    this.#running.get(cancelled.id)?.abort();
    // A waiting job is removed by the next worker; if it no longer waits, it cannot be promoted.
    await found.promote().catch(() => undefined);
    return cancelled;
  }

  start(work: JobWork, { concurrency, keepMs }: JobPace): void {
    if (this.#worker) throw new Error('bullJobs: started already');
    const { worker, lockMs } = this.settings;
    this.#worker = worker((job, token) => this.#process(job, token, work), {
      ...{ concurrency, lockDuration: lockMs, stalledInterval: lockMs },
      // Those that were interrupted too often end in our own way, without their prompt.
      maxStalledCount: 1_000_000,
    });
    this.#worker.on('error', tellFault);
    const clean = (): void => {
      for (const type of ['completed', 'failed'] as const) {
        this.#queue.clean(keepMs, 1_000, type).catch(tellFault);
      }
    };
    this.#cleaning = setInterval(clean, cleanEveryMs);
    this.#cleaning.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#cleaning);
    await this.#worker?.close();
    await this.#queue.close();
  }

  /** One step of a job. Rejects in order to have it assigned again. */
  async #process(bull: BullJob, token: string | undefined, work: JobWork): Promise<void> {
    const job = jobOf(bull);
    if (job.end && job.dueAtMs === undefined) return;
    const stop = new AbortController();
    this.#running.set(job.id, stop);
    const look = async (): Promise<void> => {
      if (await this.#isCancelled(job)) stop.abort();
    };
    const looking = setInterval(() => void look().catch(() => undefined), this.settings.lookEveryMs);
    let next: Job;
    try {
      const interruptions = bull.stalledCounter + bull.attemptsMade;
      next = await work(job, { signal: stop.signal, interruptions });
    } finally {
      clearInterval(looking);
      this.#running.delete(job.id);
    }
    await this.#store(job, bull, next);
    if (next.dueAtMs === undefined || stop.signal.aborted) return;
    await bull.moveToDelayed(next.dueAtMs, token);
    // BullMQ recognises this error by its name, so its class need not be imported.
    throw Object.assign(new Error('again later'), { name: 'DelayedError' });
  }

  /** Stores the result of a run, repeatedly while the server is away, so that the run need not be repeated. */
  async #store(job: Job, bull: BullJob, next: Job): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        if (!(await this.#isCancelled(job))) await bull.updateData(next);
        return;
      } catch (error) {
        tellFault(error);
        if (tries === mostStores) throw error;
        await delay(1_000);
      }
    }
  }

  /** Whether it was cancelled since it was handed out. */
  async #isCancelled(job: Job): Promise<boolean> {
    if (job.end) return false;
    const found = await this.#queue.getJob(bullId(job.id, job.caller.tenant));
    return found !== undefined && jobOf(found).end !== undefined;
  }
}

const markLength = 16;

/** Ends the ids of a tenant's jobs, so that they can be counted without being read. */
const markOf = (tenant: string): string =>
  createHash('sha256').update(tenant).digest('hex').slice(0, markLength);

const bullId = (id: string, tenant: string): string => `${id}.${markOf(tenant)}`;

/** The data that {@link BullJobs.add} stored. */
function jobOf({ data }: BullJob): Job {
  return data as Job;
}

function tellFault(error: unknown): void {
  publish('tollgate:fault', () => ({ where: 'jobs.queue', error: String(error) }));
}
