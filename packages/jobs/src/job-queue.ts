import type { Job } from './job.js';

/** A queue's state of a job that is being worked on. */
export interface JobTurn {
  /** Aborts when the job is cancelled. */
  readonly signal: AbortSignal;
  /** How often a process has died while it did this job. */
  readonly interruptions: number;
}

/** How a process works. */
export interface JobPace {
  /** How many jobs at a time. */
  readonly concurrency: number;
  /** How long jobs are kept after their end, in milliseconds. */
  readonly keepMs: number;
}

/** Carries out the next step of a job, and returns the job afterwards. Never rejects. */
export type JobWork = (job: Job, turn: JobTurn) => Promise<Job>;

/** Which jobs are listed. */
export interface JobsQuery {
  readonly tenant?: string | undefined;
  readonly limit: number;
}

/** Keeps jobs and assigns each to a worker when it is due. A worker that fails rejects; no job is lost by that. */
export interface JobQueue {
  /** Keeps a job. `false`: the queue is full, or its tenant has half of it. */
  add(job: Job): Promise<boolean>;
  /** The tenant's job, and whether it is running now. `undefined`: unknown, removed, or another tenant's. */
  read(id: string, tenant: string): Promise<{ readonly job: Job; readonly isRunning: boolean } | undefined>;
  /** The newest jobs, of one tenant or all, for operators; their requests and answers may be left out. A queue without it lists none. */
  list?(query: JobsQuery): Promise<readonly { readonly job: Job; readonly isRunning: boolean }[]>;
  /** Puts `cancelled` in the place of a job that has not ended, and stops who does it. Returns the job as it is then. */
  cancel(cancelled: Job): Promise<Job | undefined>;
  /**
   * Starts working, once: passes each job that is due to `work`, a limited number at a time. The result is stored: due again, or done. A
   * job whose process died is assigned again.
   */
  start(work: JobWork, pace: JobPace): void;
  /** Hands out no further jobs; resolves when those that run have ended. */
  close(): Promise<void>;
}
