import type { Caller } from '@tollgate/core';

/** A request as it is made again: no credential, no cookie, nothing of its connection. */
export interface DeferredRequest {
  readonly method: string;
  /** Path and query, as the app saw them. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

/** The app's response. */
export interface JobAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Why a job has no answer. */
interface JobError {
  readonly code: 'cancelled' | 'expired' | 'caller_gone' | 'interrupted' | 'timeout' | 'answer_too_large';
  readonly message: string;
}

/** The end of a job. `completed` and `failed`: the app's response had a status below 400, or 400 and above. */
export type JobState = 'completed' | 'failed' | 'cancelled' | 'expired';

export interface JobEnd {
  readonly state: JobState;
  /** Ms since the epoch. */
  readonly atMs: number;
  readonly answer?: JobAnswer | undefined;
  readonly error?: JobError | undefined;
}

/** A deferred request, from its 202 until its answer is forgotten. Plain JSON; changed by making another one. */
export interface Job {
  /** The request's id. */
  readonly id: string;
  /** The client's caller; looked up again before the job is done. */
  readonly caller: Caller;
  readonly createdAtMs: number;
  /** Not begun from then on. */
  readonly expiresAtMs: number;
  /** How long it is kept after its end. */
  readonly keepMs: number;
  /** From when on something is to be done with it; absent: nothing any more. */
  readonly dueAtMs?: number | undefined;
  /** How often it found no room; after its end, how often its notification was tried. */
  readonly tries: number;
  /** How often a graceful end of its process has cut it off. */
  readonly cutOff: number;
  /** Absent after its end: no prompt is kept. */
  readonly request?: DeferredRequest | undefined;
  readonly end?: JobEnd | undefined;
}

/** The same job, to be tried again later; where that is too late, it is due to expire. */
export function again(job: Job, dueAtMs: number): Job {
  return { ...job, tries: job.tries + 1, dueAtMs: Math.min(dueAtMs, job.expiresAtMs) };
}

/** The same job at its end; `tell`: a notification is still to be sent. */
export function ended(job: Job, end: JobEnd, tell: boolean): Job {
  const { request, dueAtMs, ...kept } = job;
  return { ...kept, tries: 0, end, ...(tell && { dueAtMs: end.atMs }) };
}

/** When it is forgotten; `undefined`: it has not ended. */
export function forgottenAtMs({ end, keepMs }: Job): number | undefined {
  return end && end.atMs + keepMs;
}

/** Waits that double, between a second and five minutes. */
export function backoffMs(tries: number): number {
  return Math.min(300_000, 1_000 * 2 ** Math.min(tries, 20));
}
