import { type Caller, contextOf, tollgateErrors } from '@tollgate/core';
import express, { type Express, type RequestHandler } from 'express';
import express4 from 'express4';

/** The two versions of Express that every answer is tested on. */
export const versions: readonly [name: string, create: typeof express][] = [
  ['Express 5', express],
  ['Express 4', express4],
];

/** Stands for `authenticate()`: whoever `x-test-caller` names, on the plan that `x-test-plan` names. */
export const authenticated: RequestHandler = (req, res, next) => {
  const id = req.get('x-test-caller');
  if (id) contextOf(req, res).caller = callerOf(id, req.get('x-test-plan') ?? 'free');
  next();
};

export function callerOf(id: string, plan: string): Caller {
  const [tenant = '', user = '', key = ''] = id.split('/');
  return { id: key || id, keyId: key || id, tenant, user: user || undefined, plan, scopes: [], labels: {} };
}

/** An app with these guards before one route, `POST /v1/chat`. */
export function appOf(create: typeof express, ...guards: RequestHandler[]): Express {
  const app = create();
  app.use(authenticated, ...guards);
  app.post('/v1/chat', (_req, res) => {
    res.json({ answer: 42 });
  });
  app.use(tollgateErrors({ others: 'answer' }));
  return app;
}
