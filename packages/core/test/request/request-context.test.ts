import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import express5 from 'express';
import express4 from 'express4';
import request from 'supertest';
import type { RequestEnd } from '../../src/call/call-pipeline.js';
import { TollgateError } from '../../src/lib/tollgate-error.js';
import { guarded, refuse } from '../../src/request/refuse.js';
import { contextOf, detachedContext } from '../../src/request/request-context.js';
import { runInContext, runningContext } from '../../src/request/running-context.js';
import { tollgateErrors } from '../../src/request/tollgate-errors.js';

const caller = { id: 'k', tenant: 't', plan: 'free', scopes: [], labels: {} };
const refusal = new TollgateError({
  status: 402,
  code: 'budget_exceeded',
  message: 'Gone.',
  retryAfterMs: false,
});

describe.each([
  ['5', express5],
  ['4.18', express4 as unknown as typeof express5],
])('the request context on Express %s', (_version, express) => {
  const open = () => {
    const app = express();
    const ends: RequestEnd[] = [];
    let closed = (): void => undefined;
    const end = new Promise<void>((resolve) => {
      closed = resolve;
    });
    app.use((req, res, next) => {
      const context = contextOf(req, res);
      context.calls.use({
        name: 'test',
        stage: 'cover',
        finish: (finished) => {
          ends.push(finished);
          closed();
        },
      });
      runInContext(context, next);
    });
    return { app, ends, end };
  };

  it('is one for all middleware, found again across awaits, and answered as x-request-id', async () => {
    const { app, end, ends } = open();
    app.get('/items/:id', async (req, res) => {
      await new Promise((resolve) => setImmediate(resolve));
      const context = contextOf(req, res);
      res.json({ same: runningContext() === context, id: context.requestId, route: context.route });
    });
    const { body, headers } = await request(app).get('/items/42');
    await end;
    expect(body).toEqual({ same: true, id: headers['x-request-id'], route: '/items/:id' });
    expect(ends).toEqual([{ status: 200, aborted: false, routed: true }]);
  });

  it('tells a request that no route matched', async () => {
    const { app, end, ends } = open();
    await request(app).get('/nowhere');
    await end;
    expect(ends).toEqual([{ status: 404, aborted: false, routed: false }]);
  });

  it('aborts its signal when the client goes away', async () => {
    const { app, end, ends } = open();
    let reason: unknown;
    app.get('/', (req, res) => {
      res.write('begun');
      const { signal } = contextOf(req, res);
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
    });
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = http.get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
    client.on('error', () => undefined);
    const [answer] = (await once(client, 'response')) as [http.IncomingMessage];
    answer.on('error', () => undefined);
    client.destroy();
    await end;
    expect(reason).toMatchObject({ code: 'request_aborted' });
    expect(ends).toEqual([{ status: 200, aborted: true, routed: true }]);
    server.close();
  });

  it('tells each listener once that the response is closed, also one that comes later, and none that was taken off', async () => {
    const told: string[] = [];
    const over: Promise<unknown>[] = [];
    const app = express();
    app.get('/', (req, res) => {
      const context = contextOf(req, res);
      context.onClosed(() => told.push('first'));
      context.onClosed(() => told.push('taken off'))();
      over.push(
        once(res, 'close').then(() => {
          context.onClosed(() => told.push('later'));
          res.emit('close');
        }),
      );
      res.end('ok');
    });
    await request(app).get('/');
    await Promise.all(over);
    expect(told).toEqual(['first', 'later']);
  });

  it('answers a refusal with status, headers and body, and remembers it', async () => {
    const { app } = open();
    app.get(
      '/',
      guarded('testGuard', async (req, res, next) => refuse(req, res, next, refusal)),
    );
    const { status, headers, body } = await request(app).get('/');
    expect(status).toBe(402);
    expect(headers['x-should-retry']).toBe('false');
    expect(headers['cache-control']).toBe('no-store');
    expect(body).toEqual({
      error: { message: 'Gone.', type: 'insufficient_quota', param: null, code: 'budget_exceeded' },
      request_id: headers['x-request-id'],
    });
  });

  it('ends a stream that has begun with an error event', async () => {
    const { app } = open();
    app.get('/v1/messages', (req, res, next) => {
      res.setHeader('Content-Type', 'text/event-stream');
      res.write('event: ping\ndata: {}\n\n');
      refuse(req, res, next, refusal);
    });
    const { text } = await request(app).get('/v1/messages');
    expect(text).toMatch(/event: error\ndata: \{"type":"error","error":\{"type":"billing_error"/);
  });

  it('hands a refusal to next(error) on request, and tollgateErrors() answers it', async () => {
    const { app } = open();
    app.get(
      '/',
      guarded('testGuard', (req, res, next) => refuse(req, res, next, refusal, { refusals: 'next' })),
    );
    app.use(tollgateErrors({ errorFormat: 'problem' }));
    const { status, headers } = await request(app).get('/');
    expect(status).toBe(402);
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
  });

  it("answers the recorded refusal when a handler rethrows the SDK's error of it, but not another error", async () => {
    const { app } = open();
    app.get('/same', (req, res, next) => {
      contextOf(req, res).refusal = refusal;
      next(Object.assign(new Error('402 Gone.'), { status: 402 }));
    });
    app.get('/other', (req, res, next) => {
      contextOf(req, res).refusal = refusal;
      next(Object.assign(new Error('secret'), { status: 418 }));
    });
    app.use(tollgateErrors({ others: 'answer' }));
    expect((await request(app).get('/same')).body.error.code).toBe('budget_exceeded');
    const other = await request(app).get('/other');
    expect(other.status).toBe(500);
    expect(other.text).not.toContain('secret');
  });

  it('hands a rejected guard to the error handler', async () => {
    const { app } = open();
    app.get(
      '/',
      guarded('broken', async () => {
        throw refusal;
      }),
    );
    app.use(tollgateErrors());
    expect((await request(app).get('/')).status).toBe(402);
  });
});

describe('a context without a request', () => {
  it('runs steps and finishes', async () => {
    const { context, finish } = detachedContext(caller);
    const seen: string[] = [];
    context.calls.use({ name: 'test', stage: 'cover', finish: () => void seen.push('finished') });
    const inside = await runInContext(context, async () => {
      await Promise.resolve();
      return runningContext() === context;
    });
    expect(inside).toBe(true);
    await finish();
    expect(seen).toEqual(['finished']);
    expect(context.caller).toBe(caller);
  });

  it('says what is missing when meter() is not mounted', async () => {
    const { fetch, record, noCall } = detachedContext(caller).context;
    await expect(fetch('https://x')).rejects.toThrow('req.tollgate.fetch needs meter() mounted');
    const call = { provider: 'openai', model: 'gpt-5-mini', usage: {} };
    await expect(record(call)).rejects.toThrow('req.tollgate.record() needs meter() mounted');
    expect(() => noCall()).toThrow('req.tollgate.noCall() needs meter() mounted');
  });
});
