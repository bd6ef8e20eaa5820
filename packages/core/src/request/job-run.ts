import type { Request } from 'express';
import type { Caller } from '../plans/caller.js';

/** A deferred request that the app itself makes now, for the caller who asked for it. Written by `jobs`. */
export interface JobRun {
  /** The request's id, then and now: its usage events carry it. */
  readonly requestId: string;
  /** From its credential, verified again for this run. */
  readonly caller: Caller;
}

const slot = Symbol.for('tollgate.job-run.v1');

/** The property of a request that contains it; no client can write it, and two loaded copies of core share it. */
type WithRun = Request & { [slot]?: JobRun };

/** Marks this request as a deferred one, before any middleware receives it. */
export function setJobRun(req: object, run: JobRun): void {
  Object.assign(req, { [slot]: run });
}

/** The job of which the request is a run; `undefined`: it came from a client. */
export function jobRunOf(req: WithRun): JobRun | undefined {
  return req[slot];
}
