import {
  type Caller,
  isTollgateError,
  refuse,
  type TollgateContext,
  type TollgateError,
} from '@tollgate/core';
import { publish, withinDeadline } from '@tollgate/core/internal';
import type { NextFunction, Request, Response } from 'express';
import { jobsAwayError, jobsFullError, noSuchJobError } from './errors.js';
import { ended, type Job } from './job.js';
import { retryAfterSeconds, viewOf } from './job-view.js';
import type { JobsSettings } from './options.js';
import { prefersAsync } from './prefer.js';

/** One exchange with a client. */
export interface Exchange {
  readonly req: Request;
  readonly res: Response;
  readonly next: NextFunction;
  readonly context: TollgateContext;
}

/** Takes jobs in, and answers about them. */
export class JobService {
  constructor(private readonly settings: JobsSettings) {}

  /** Whether the request, or the app for it, declares that it may wait. */
  mayWait({ req, context }: Exchange): boolean {
    if (!context.caller || req.body === undefined) return false;
    return prefersAsync(req.headers.prefer) || this.settings.mayWait(req);
  }

  /** Keeps the request for later and answers 202, or refuses it after all. */
  async defer(exchange: Exchange, refusal: TollgateError): Promise<void> {
    const { req, res, next, context } = exchange;
    const { settings } = this;
    const { caller } = context;
    const job = caller && this.#jobOf(exchange, caller, refusal);
    if (!job) return refuse(req, res, next, refusal, settings.answer);
    let outcome: 'added' | 'full' | 'unknown caller';
    try {
      outcome = await this.#take(job);
    } catch (error) {
      return refuse(req, res, next, jobsAwayError(error), settings.answer);
    }
    if (outcome === 'full') return refuse(req, res, next, jobsFullError(), settings.answer);
    if (outcome !== 'added') return refuse(req, res, next, refusal, settings.answer);
    // Nothing was done yet, so nothing is charged.
    if (context.recorder) context.noCall();
    this.#publish(job, 'deferred');
    if (res.headersSent || res.destroyed) return;
    res.setHeader('Location', `${settings.path}/${job.id}`);
    res.setHeader('x-tollgate-degraded', 'budget');
    if (prefersAsync(req.headers.prefer)) res.setHeader('Preference-Applied', 'respond-async');
    this.#answer(res, 202, job, false);
  }

  /** Answers `GET` and `DELETE` of one job to its owner. */
  async tell(id: string, { req, res, next, context }: Exchange): Promise<void> {
    const { queue, now } = this.settings;
    try {
      const { caller } = context;
      if (!caller) throw noSuchJobError();
      let found = await this.#inTime(queue.read(id, caller.tenant));
      if (!found || !owns(caller, found.job)) throw noSuchJobError();
      if (req.method === 'DELETE' && !found.job.end) {
        const error = { code: 'cancelled', message: 'It was cancelled by its caller.' } as const;
        const cancelled = ended(found.job, { state: 'cancelled', atMs: now(), error }, false);
        const job = await this.#inTime(queue.cancel(cancelled));
        if (!job) throw noSuchJobError();
        if (job.end?.state === 'cancelled') this.#publish(job, 'cancelled');
        found = { job, isRunning: false };
      }
      this.#answer(res, 200, found.job, found.isRunning);
    } catch (error) {
      refuse(req, res, next, isTollgateError(error) ? error : jobsAwayError(error), this.settings.answer);
    }
  }
  /** The job that a request becomes; `undefined`: it is too large, or would find no room before it expires. */
  #jobOf({ req, context }: Exchange, caller: Caller, { deferUntilMs }: TollgateError): Job | undefined {
    const { keepHeaders, maxBodyBytes, expireAfterMs, keepMs, now } = this.settings;
    const body = JSON.stringify(req.body);
    const createdAtMs = now();
    const expiresAtMs = createdAtMs + expireAfterMs;
    if (deferUntilMs === undefined || deferUntilMs >= expiresAtMs || Buffer.byteLength(body) > maxBodyBytes) {
      return undefined;
    }
    const headers: Record<string, string> = {};
    for (const name of keepHeaders) {
      const value = req.headers[name];
      if (value !== undefined) headers[name] = String(value);
    }
    const { limits, ...who } = caller;
    return {
      id: context.requestId,
      caller: who,
      ...{ createdAtMs, expiresAtMs, keepMs, dueAtMs: deferUntilMs, tries: 0, cutOff: 0 },
      request: { method: req.method, url: req.originalUrl, headers, body },
    };
  }

  /** Rejects where the outcome is unknown. */
  async #take(job: Job): Promise<'added' | 'full' | 'unknown caller'> {
    const { queue, callers, now } = this.settings;
    if (!(await this.#inTime(Promise.resolve(callers(job.caller))))) return 'unknown caller';
    const adding = queue.add(job);
    try {
      return (await this.#inTime(adding)) ? 'added' : 'full';
    } catch (error) {
      // The job may have been stored although its client received an error.
      const takeBack = async () => {
        const end = { state: 'cancelled', atMs: now() } as const;
        if (await adding) await queue.cancel(ended(job, end, false));
      };
      takeBack().catch(() => undefined);
      throw error;
    }
  }

  #inTime<Value>(work: Promise<Value>): Promise<Value> {
    const { queueDeadlineMs } = this.settings;
    return withinDeadline(queueDeadlineMs, work, () => new Error(`no answer in ${queueDeadlineMs} ms`));
  }

  #answer(res: Response, status: number, job: Job, isRunning: boolean): void {
    const seconds = retryAfterSeconds(job, this.settings.now());
    if (seconds !== undefined) res.setHeader('Retry-After', String(seconds));
    res.setHeader('Cache-Control', 'no-store');
    res.status(status).json(viewOf(job, isRunning));
  }

  #publish({ id, caller, dueAtMs }: Job, outcome: string): void {
    const { tenant, keyId, plan } = caller;
    publish('tollgate:job', () => ({
      outcome,
      jobId: id,
      requestId: id,
      tenant,
      keyId,
      plan,
      untilMs: dueAtMs,
    }));
  }
}

/** The same credential, also after rotation; a key also owns the jobs of its child credentials. */
function owns(caller: Caller, { caller: owner }: Job): boolean {
  const isSame = caller.tenant === owner.tenant && caller.id === owner.id;
  return isSame && (caller.childId === undefined || caller.childId === owner.childId);
}
