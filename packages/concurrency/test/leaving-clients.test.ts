import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { contextOf } from '@tollgate/core';
import express from 'express';
import fc from 'fast-check';
import { type ConcurrencyMiddleware, type ConcurrencyOptions, concurrency } from '../src/index.js';
import { type HeldApp, heldApp, plans, until } from './app.js';

describe('when clients leave', () => {
  let app: HeldApp;
  let guard: ConcurrencyMiddleware;
  const serve = async (options: ConcurrencyOptions): Promise<void> => {
    guard = concurrency({ plans, ...options });
    app = await heldApp(express, [guard], [guard.batch]);
  };
  const idle = () => until(() => guard.running === 0 && guard.waiting === 0);
  afterEach(() => app.close());

  it('a permit is free again, also where the handler never answers', async () => {
    await serve({ limit: 1 });
    const leaving = new AbortController();
    const gone = app.send('ann', { signal: leaving.signal });
    await until(() => app.running.length === 1);
    leaving.abort();
    await expect(gone).rejects.toThrow('abort');
    await idle();
    const next = app.send('ben');
    await until(() => app.running.includes('ben'));
    app.release();
    expect((await next).status).toBe(200);
  });

  it('one who waits leaves the queue, and its turn is the next one’s', async () => {
    await serve({ limit: 1 });
    const first = app.send('ann');
    await until(() => app.running.length === 1);
    const leaving = new AbortController();
    const gone = app.send('payer@pro', { signal: leaving.signal });
    await until(() => guard.waiting === 1);
    const next = app.send('free');
    await until(() => guard.waiting === 2);
    leaving.abort();
    await expect(gone).rejects.toThrow('abort');
    await until(() => guard.waiting === 1);
    app.release();
    await until(() => app.came.length === 2);
    app.release();
    expect((await Promise.all([first, next])).map(({ status }) => status)).toEqual([200, 200]);
    expect(app.came).toEqual(['ann', 'free']);
  });

  it('a stream holds its permit until its end, or until its reader has gone', async () => {
    await serve({ limit: 1 });
    const begin = (res: express.Response): void => {
      res.setHeader('content-type', 'text/event-stream');
      res.write('data: 1\n\n');
    };
    const leaving = new AbortController();
    const stream = app.send('ann', { signal: leaving.signal });
    await until(() => app.running.length === 1);
    app.release(begin);
    const reader = (await stream).body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1\n\n');
    expect(guard.running).toBe(1);
    const next = app.send('ben');
    await until(() => guard.waiting === 1);
    leaving.abort();
    await until(() => app.running.includes('ben'));
    app.release();
    expect((await next).status).toBe(200);
    await idle();
  });

  it('a permit is free as soon as the client has left, though a provider call of the request still runs', async () => {
    await serve({ limit: 1 });
    let end: (() => void) | undefined;
    let closed = false;
    const calling = express();
    calling.use(guard, async (req, res) => {
      res.once('close', () => {
        closed = true;
      });
      const outgoing = { method: 'POST', url: 'https://provider.test/v1', headers: {}, body: undefined };
      const handle = await contextOf(req, res).calls.begin(outgoing, { whenClientGone: 'drain' });
      end = () => void handle.end({ outcome: 'ok', status: 200, sent: true, last: true });
    });
    const server = calling.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const socket = connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n');
    await until(() => end !== undefined);
    socket.destroy();
    await until(() => closed);
    expect(guard.running).toBe(0);
    end?.();
    await idle();
    server.close();
  });

  it('no permit is lost, whenever and however many of them leave', async () => {
    await serve({ limit: 3, queue: { size: 8, perTenant: 8, timeoutMs: 200 }, perCaller: true });
    const plan = fc.record({
      caller: fc.constantFrom('ann', 'ben', 'payer@pro'),
      leavesAfterMs: fc.option(fc.nat(6)),
      batch: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 25 }), async (clients) => {
        const releasing = setInterval(() => {
          if (app.running.length > 0) app.release();
        }, 2);
        const sent = clients.map(async ({ caller, leavesAfterMs, batch }) => {
          const leaving = new AbortController();
          if (leavesAfterMs !== null) setTimeout(() => leaving.abort(), leavesAfterMs);
          const path = batch ? '/batch' : '/work';
          const answer = await app.send(caller, { signal: leaving.signal, path });
          await answer.text();
          return answer.status;
        });
        for (const settled of await Promise.allSettled(sent)) {
          if (settled.status === 'fulfilled') expect([200, 429, 503]).toContain(settled.value);
        }
        await idle();
        clearInterval(releasing);
      }),
      { numRuns: 25 },
    );
  });

  it('one who waits with a large body is noticed when that is read: its permit is free at once', async () => {
    guard = concurrency({ limit: 1 });
    app = await heldApp(express, [guard, express.json({ limit: '2mb' })]);
    const first = app.send('ann');
    await until(() => app.running.length === 1);
    const headers = { 'x-test-caller': 'ben', 'content-type': 'application/json' };
    const leaving = httpRequest(`${app.url}/work`, { method: 'POST', headers });
    leaving.on('error', () => undefined);
    leaving.end(JSON.stringify('a'.repeat(1_000_000)));
    await until(() => guard.waiting === 1);
    leaving.destroy();
    const next = app.send('cid');
    await until(() => guard.waiting === 2 || (guard.waiting === 1 && app.running.length === 1));
    app.release();
    await until(() => app.running.includes('cid'));
    app.release();
    expect((await Promise.all([first, next])).map(({ status }) => status)).toEqual([200, 200]);
    expect(app.came).toEqual(['ann', 'cid']);
  });
});
