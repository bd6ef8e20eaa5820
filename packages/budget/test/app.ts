import {
  type Caller,
  contextOf,
  type QuotaStore,
  type TollgateContext,
  tollgateErrors,
  type Usage,
} from '@tollgate/core';
import type { JsonValue } from '@tollgate/core/internal';
import express, { type Express, type RequestHandler } from 'express';
import express4 from 'express4';
import { stubMeter, used } from './stub-meter.js';

/** The versions of Express that everything runs on. */
export const expresses: readonly [string, typeof express][] = [
  ['Express 5', express],
  ['Express 4.18', express4],
];

/** A caller of tenant acme on a plan. */
export function callerOn(plan: string, more: Partial<Caller> = {}): Caller {
  return { id: 'k1', keyId: 'k1', tenant: 'acme', plan, scopes: [], labels: {}, ...more };
}

/** Stands where `authenticate()` stands. */
export function actAs(caller: Caller): RequestHandler {
  return (req, res, next) => {
    contextOf(req, res).caller = caller;
    next();
  };
}

/** Makes one provider call through the pipeline, as a transport does, and answers its body as sent. */
export async function callProvider(
  context: TollgateContext,
  body: JsonValue,
  {
    usage = used(10, 10),
    last = false,
    status = 200,
  }: { usage?: Usage; last?: boolean; status?: number } = {},
): Promise<string | undefined> {
  const outgoing = { method: 'POST', url: 'http://provider.test/v1/chat/completions', headers: {}, body };
  const handle = await context.calls.begin(outgoing);
  if (status < 400) handle.onUsage(usage);
  await handle.end({ outcome: status < 400 ? 'ok' : 'error', status, sent: true, last });
  return handle.body;
}

/** A handler like `proxy()`: sends the request's own body on, and answers what was sent. */
export function proxyLike(usage?: Usage): RequestHandler {
  return (req, res, next) => {
    callProvider(req.tollgate, req.body, { last: true, ...(usage ? { usage } : {}) })
      .then((sent) => res.type('json').send(sent ?? '{}'))
      .catch(next);
  };
}

/** Caller → JSON → meter → the guards and handlers of a test → errors. */
export function appOf(
  caller: Caller | undefined,
  mount: (app: Express) => void,
  create: typeof express = express,
): Express {
  const app = create();
  if (caller) app.use(actAs(caller));
  app.use(express.json(), stubMeter());
  mount(app);
  app.use(tollgateErrors({ others: 'answer' }));
  return app;
}

/** What the counters of a caller's key say, by unit. */
export async function countersOf(
  store: QuotaStore,
  limits: Parameters<QuotaStore['read']>[1],
  partition = 'acme',
) {
  const states = await store.read(partition, limits);
  return states.map(({ used, held }) => ({ used, held }));
}
