import { contextOf } from '@tollgate/core';
import type { RequestHandler } from 'express';
import type { ContextLike } from './api.js';

/** Attempts whose event may still come; beyond that, the oldest become roots. */
const most = 10_000;

/** What was active in the app when an attempt began, by the id of the attempt's event: events are written outside of the request. */
export class Parents {
  readonly #byEvent = new Map<string, ContextLike>();

  middleware(active: () => ContextLike): RequestHandler {
    const step = {
      ...{ name: 'otel', stage: 'record' as const },
      begin: ({ attemptId }: { readonly attemptId: string }) => this.#remember(attemptId, active()),
    };
    return function otelMiddleware(req, res, next) {
      contextOf(req, res).calls.use(step);
      next();
    };
  }

  /** Takes it out: an event comes once. */
  take(eventId: string): ContextLike | undefined {
    const found = this.#byEvent.get(eventId);
    this.#byEvent.delete(eventId);
    return found;
  }

  #remember(eventId: string, active: ContextLike): void {
    const [oldest] = this.#byEvent.size < most ? [] : this.#byEvent.keys();
    if (oldest !== undefined) this.#byEvent.delete(oldest);
    this.#byEvent.set(eventId, active);
  }
}
