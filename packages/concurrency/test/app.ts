import type { AddressInfo, Server } from 'node:net';
import { type Caller, contextOf, definePlans, tollgateErrors } from '@tollgate/core';
import express, { type RequestHandler, type Response } from 'express';
import express4 from 'express4';

/** The two versions of Express that every answer is tested on. */
export const versions: readonly [name: string, create: typeof express][] = [
  ['Express 5', express],
  ['Express 4', express4],
];

export const plans = definePlans({
  free: { concurrent: 2 },
  pro: { concurrent: 50, priority: 10 },
});

/** Stands for `authenticate()`: whoever `x-test-caller` names, on the plan that `x-test-plan` names. */
export const authenticated: RequestHandler = (req, res, next) => {
  const id = req.get('x-test-caller');
  const scopes = req.get('x-test-scopes')?.split(' ') ?? [];
  if (id) contextOf(req, res).caller = callerOf(id, req.get('x-test-plan') ?? 'free', scopes);
  next();
};

function callerOf(id: string, plan: string, scopes: string[]): Caller {
  return { id, keyId: id, tenant: id, plan, scopes, labels: {} };
}

/** An app whose handler answers only when told to. */
export interface HeldApp {
  readonly url: string;
  /** Requests in the handler, in the order in which they came there: the callers' names. */
  readonly running: readonly string[];
  /** Everybody who ever came to the handler. */
  readonly came: readonly string[];
  /** Sends a request; a caller is `name` or `name@plan`. */
  send(caller: string, more?: RequestInit & { path?: string }): Promise<globalThis.Response>;
  /** Answers the first request in the handler. */
  release(answer?: (res: Response) => void): void;
  close(): Promise<void>;
}

/** Serves `/work` and `/jobs` behind these guards, and `POST /batch` behind more. */
export async function heldApp(
  create: typeof express,
  guards: readonly RequestHandler[],
  batch: readonly RequestHandler[] = [],
): Promise<HeldApp> {
  const held: { name: string; res: Response }[] = [];
  const came: string[] = [];
  const hold: RequestHandler = (req, res) => {
    const one = { name: req.get('x-test-caller') ?? 'nobody', res };
    held.push(one);
    came.push(one.name);
    res.once('close', () => {
      if (held.includes(one)) held.splice(held.indexOf(one), 1);
    });
  };
  const app = create();
  app.use(authenticated, ...guards);
  app.all(['/work', '/jobs'], hold);
  app.post('/batch', ...batch, hold);
  app.use(tollgateErrors({ others: 'answer' }));
  const server: Server = await new Promise((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    get running() {
      return held.map(({ name }) => name);
    },
    came,
    send: (caller, { path = '/work', ...more } = {}) => {
      const [name = '', plan = 'free'] = caller.split('@');
      const headers = { 'x-test-caller': name, 'x-test-plan': plan, ...more.headers };
      return fetch(url + path, { method: 'POST', ...more, headers });
    },
    release: (answer = (res) => void res.json({ answer: 42 })) => {
      const [first] = held.splice(0, 1);
      if (!first) throw new Error('nobody is in the handler');
      answer(first.res);
    },
    close: () =>
      new Promise((resolve) => {
        for (const { res } of held) res.end();
        server.close(() => resolve());
        if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function') {
          server.closeAllConnections();
        }
      }),
  };
}

/** Resolves when something has come about; the test's own time is the bound. */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** What an answer's body says is wrong. */
export async function errorOf(answer: globalThis.Response): Promise<Record<string, unknown>> {
  const { error } = (await answer.json()) as { error: Record<string, unknown> };
  return error;
}
