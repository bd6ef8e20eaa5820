import { setTimeout as delay } from 'node:timers/promises';
import { type Caller, contextOf, jsonBody, refuse, TollgateError, tollgateErrors } from '@tollgate/core';
import { jobRunOf } from '@tollgate/core/internal';
import express, { type Express, type RequestHandler } from 'express';
import request from 'supertest';
import {
  type JobQueue,
  type JobsMiddleware,
  type JobsOptions,
  type JobView,
  jobs,
  memoryJobs,
} from '../src/index.js';

export const hourMs = 3_600_000;

export function callerOf(keyId: string, more: Partial<Caller> = {}): Caller {
  return { id: keyId, keyId, tenant: `tenant of ${keyId}`, plan: 'any', scopes: [], labels: {}, ...more };
}

/** Resolves when the condition holds; fails loudly when it never does. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const endMs = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error(`never came: ${what}`);
    await delay(5);
  }
}

/** An app whose window opens when it is told to, and that answers what it was asked. */
export interface World {
  readonly app: Express;
  readonly guard: JobsMiddleware;
  readonly queue: JobQueue;
  readonly clock: { nowMs: number };
  /** No room before. */
  opensAtMs: number;
  /** Credentials that are still good. */
  readonly keys: Set<string>;
  /** Requests that reached the handler, with their ids. */
  readonly done: { id: string; body: unknown; keyId: string | undefined; headers: Record<string, unknown> }[];
  ask(keyId: string, body: object, headers?: Record<string, string>): request.Test;
  see(keyId: string, id: string): Promise<{ status: number; job: JobView }>;
  untilStatus(keyId: string, id: string, status: JobView['status']): Promise<JobView>;
}

export interface WorldOptions {
  queue?: JobQueue;
  options?: Partial<JobsOptions>;
  handler?: RequestHandler;
  create?: typeof express;
  /** @defaultValue true */
  start?: boolean;
}

/** Stands where `authenticate()` and `budget()` stand: a caller by a header, and no room before the window opens. */
export function worldOf({
  queue: own,
  options = {},
  handler,
  create = express,
  start = true,
}: WorldOptions = {}): World {
  const clock = { nowMs: Date.parse('2026-11-21T08:00:00Z') };
  const now = () => clock.nowMs;
  const queue = own ?? memoryJobs({ now, pollMs: 10 });
  const keys = new Set(['one', 'two']);
  const callers = async ({ keyId = '' }: Caller) => (keys.has(keyId) ? callerOf(keyId) : undefined);
  const guard = jobs({ queue, callers, now, ...options });
  const app = create();
  const world: World = {
    ...{ app, guard, queue, clock, opensAtMs: clock.nowMs + hourMs, keys, done: [] },
    ask: (keyId, body, headers = { prefer: 'respond-async' }) =>
      request(app).post('/v1/work?x=1').set('x-key', keyId).set(headers).send(body),
    async see(keyId, id) {
      const { status, body } = await request(app).get(`/v1/jobs/${id}`).set('x-key', keyId);
      return { status, job: body };
    },
    async untilStatus(keyId, id, wanted) {
      let seen = await world.see(keyId, id);
      await until(`${id} is ${wanted}`, async () => {
        seen = await world.see(keyId, id);
        return seen.job.status === wanted;
      });
      return seen.job;
    },
  };
  app.use((req, res, next) => {
    const keyId = req.headers['x-key'];
    const caller = jobRunOf(req)?.caller ?? (typeof keyId === 'string' ? callerOf(keyId) : undefined);
    if (caller) contextOf(req, res).caller = caller;
    next();
  });
  app.use(jsonBody({ limit: '2mb' }), guard, (req, res, next) => {
    if (clock.nowMs >= world.opensAtMs) return next();
    const error = {
      status: 402,
      code: 'budget_exceeded',
      message: 'All gone.',
      deferUntilMs: world.opensAtMs,
    } as const;
    refuse(req, res, next, new TollgateError(error));
  });
  app.post('/v1/work', (req, res, next) => {
    const { requestId, caller } = req.tollgate;
    world.done.push({ id: requestId, body: req.body, keyId: caller?.keyId, headers: { ...req.headers } });
    if (handler) handler(req, res, next);
    else res.json({ echo: req.body, query: req.query });
  });
  app.use(tollgateErrors({ others: 'answer' }));
  if (start) guard.start(app);
  return world;
}
