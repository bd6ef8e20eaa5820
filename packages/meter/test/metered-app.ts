import type { AddressInfo } from 'node:net';
import {
  type Caller,
  contextOf,
  jsonBody,
  type TollgateContext,
  tollgateErrors,
  type UsageEvent,
} from '@tollgate/core';
import express, { type Express, type RequestHandler } from 'express';
import { meter } from '../src/meter.js';
import type { MeterOptions } from '../src/meter-options.js';
import { callbackSink } from '../src/sinks/callback-sink.js';

export const caller: Caller = {
  id: 'key_1',
  tenant: 'acme',
  plan: 'pro',
  scopes: [],
  keyId: 'key_1',
  labels: {},
};

/** Gives every request a verified caller, as `authenticate()` would. */
export const signedIn =
  (as: Caller = caller): RequestHandler =>
  (req, res, next) => {
    contextOf(req, res).caller = as;
    next();
  };

export interface MeteredApp {
  readonly app: Express;
  readonly events: UsageEvent[];
  readonly contexts: TollgateContext[];
  /** Starts listening; returns the address. */
  listen(): Promise<string>;
  /** Resolves once so many usage events were written. */
  settled(count: number): Promise<void>;
  close(): Promise<void>;
}

/** An app with a metered route in front of the given handlers. */
export function meteredApp(
  build: (app: Express) => void,
  options: MeterOptions = {},
  before: RequestHandler[] = [],
  create: typeof express = express,
): MeteredApp {
  const events: UsageEvent[] = [];
  const contexts: TollgateContext[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const sink = callbackSink((event) => {
    events.push(event);
    for (const waiter of waiting) if (events.length >= waiter.count) waiter.resolve();
  });
  const app = create();
  app.use(signedIn(), ...before, jsonBody());
  app.use((req, _res, next) => {
    contexts.push(req.tollgate);
    next();
  });
  app.use(meter({ sinks: [sink], ...options }));
  build(app);
  app.use(tollgateErrors({ others: 'answer' }));
  let server: ReturnType<Express['listen']> | undefined;
  return {
    app,
    events,
    contexts,
    listen: () =>
      new Promise((resolve) => {
        const listening = app.listen(0, '127.0.0.1', () => {
          resolve(`http://127.0.0.1:${(listening.address() as AddressInfo).port}`);
        });
        server = listening;
      }),
    settled: (count) =>
      events.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.push({ count, resolve });
          }),
    close: async () => {
      server?.closeAllConnections();
      await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
    },
  };
}
