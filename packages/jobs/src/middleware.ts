import type { RequestListener } from 'node:http';
import { contextOf, guarded, refuse } from '@tollgate/core';
import { idTimeMs, jobRunOf, runInContext } from '@tollgate/core/internal';
import type { Request, RequestHandler } from 'express';
import { AppDoor } from './app-door.js';
import type { JobsQuery } from './job-queue.js';
import { type Exchange, JobService } from './job-service.js';
import { type ListedJob, listed } from './listed-job.js';
import { type JobsOptions, readOptions } from './options.js';
import { Worker } from './worker.js';

/** The result of {@link jobs}: the middleware, and functions for the app. */
export interface JobsMiddleware extends RequestHandler {
  /**
   * Begins to do jobs in this process, by making their requests to this app: the whole one, with this middleware in it. Once; where it is never
   * called, another process does them.
   */
  start(app: RequestListener): void;
  /** The newest jobs of one tenant or all, without their prompts and answers. Rejects where the queue cannot be read. */
  list(query: JobsQuery): Promise<readonly ListedJob[]>;
  /** Begins no further job; resolves when those that run have ended. Before the app's servers and stores end. */
  close(): Promise<void>;
}

/**
 * Defers requests that declare that they may wait (`Prefer: respond-async`, RFC 7240): where a guard behind it has no room for one and its
 * plan has a step that defers, it is stored, answered with 202 and `Location`, and made again, as the same caller, when there is room.
 * Serves `GET` and `DELETE <path>/<id>` to the same caller. Reads `caller` and the parsed body; writes `deferral`. Refuses with 404
 * `not_found`, 503 `queue_full` and 503 `store_unavailable`. Mount it behind `authenticate()`, `rateLimit()` and `jsonBody()`, before
 * `meter()` and `budget()`. Throws a `TypeError` at start for a wrong, unknown or missing option.
 */
export function jobs(options: JobsOptions): JobsMiddleware {
  const settings = readOptions(options);
  const { mode, path, queue } = settings;
  const service = new JobService(settings);
  let door: AppDoor | undefined;
  let worker: Worker | undefined;

  const guard = guarded('jobsMiddleware', (req, res, next) => {
    if (mode === 'off') return next();
    const context = contextOf(req, res);
    const exchange: Exchange = { req, res, next, context };
    const id = jobIdOf(req, path);
    if (id !== undefined) return service.tell(id, exchange);
    const run = jobRunOf(req);
    if (run) {
      door?.enter(run, context);
      // It may still wait: the refusing guard states until when, and the refusal reaches no client.
      context.deferral = (refusal) => refuse(req, res, next, refusal);
    } else if (mode === 'enforce' && service.mayWait(exchange)) {
      context.deferral = (refusal) => void service.defer(exchange, refusal).catch(next);
    }
    runInContext(context, next);
  });
  return Object.assign(guard, {
    start: (app: RequestListener) => {
      if (worker) throw new Error('jobs: start() was called already');
      door = new AppDoor(app);
      worker = new Worker(door, settings);
      queue.start(worker.work, settings);
    },
    list: async (query: JobsQuery) => ((await queue.list?.(query)) ?? []).map(listed),
    close: async () => {
      if (worker) worker.isClosing = true;
      await queue.close();
    },
  });
}

/** The job that is asked after, by the path as the client sees it. */
function jobIdOf({ method, originalUrl }: Request, path: string): string | undefined {
  if ((method !== 'GET' && method !== 'DELETE') || !originalUrl.startsWith(`${path}/`)) return undefined;
  const [id = ''] = originalUrl.slice(path.length + 1).split('?');
  return idTimeMs(id) === undefined ? undefined : id;
}
