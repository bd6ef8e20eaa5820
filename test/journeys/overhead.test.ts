import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { budget } from '@tollgate/budget';
import { contextOf, definePlans, jsonBody, memoryQuota, subscribe } from '@tollgate/core';
import { meter } from '@tollgate/meter';
import { metrics } from '@tollgate/telemetry';
import express from 'express';
import request from 'supertest';

const closing: (() => void)[] = [];
afterEach(() => {
  jest.restoreAllMocks();
  for (const close of closing.splice(0)) close();
});

const chat = { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 10 };

/** An app whose handler records one call; `guard` runs before the budget. */
function appWith(guard: express.RequestHandler = (_req, _res, next) => next()) {
  const app = express();
  app.use((req, res, next) => {
    contextOf(req, res).caller = { id: 'acme', tenant: 'acme', plan: 'pro', scopes: [], labels: {} };
    next();
  });
  app.use(jsonBody(), meter(), guard);
  app.use(budget({ plans: definePlans({ pro: { spend: '$1/day' } }), store: memoryQuota() }));
  app.post('/chat', (req, res, next) => {
    const usage = { inputTokens: 10, outputTokens: 5 };
    req.tollgate.record({ provider: 'openai', model: 'gpt-5-mini', usage }).then(() => res.json({}), next);
  });
  return app;
}

describe('tollgate_overhead_seconds', () => {
  it('counts each stage of a metered request once', async () => {
    const measured = metrics();
    closing.push(() => measured.close());
    await request(appWith()).post('/chat').send(chat).expect(200);
    const text = await measured.registry.metrics();
    for (const stage of ['admission', 'call', 'settlement']) {
      expect(text).toContain(`tollgate_overhead_seconds_count{stage="${stage}"} 1\n`);
      expect(text).toContain(`tollgate_overhead_seconds_bucket{le="+Inf",stage="${stage}"} 1\n`);
    }
    expect(text).toContain('# TYPE tollgate_overhead_seconds histogram\n');
  });

  it('contains the time of the guards, and no waiting for a turn', async () => {
    let nowMs = 1_000;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    const found: number[] = [];
    closing.push(
      subscribe('tollgate:overhead', ({ stage, ms }) => void (stage === 'admission' && found.push(ms))),
    );
    const app = appWith((req, _res, next) => {
      nowMs += 5; // work
      req.tollgate.ownTime?.pause();
      nowMs += 10_000; // the queue
      req.tollgate.ownTime?.resume();
      nowMs += 2;
      next();
    });
    await request(app).post('/chat').send(chat).expect(200);
    expect(found).toEqual([7]);
  });

  it('measures nothing without a subscriber', async () => {
    let clock: unknown = 'unseen';
    const app = appWith((req, _res, next) => {
      clock = req.tollgate.ownTime;
      next();
    });
    await request(app).post('/chat').send(chat).expect(200);
    expect(clock).toBeUndefined();
  });
});
