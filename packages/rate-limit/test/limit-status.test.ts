import { describe, expect, it } from '@jest/globals';
import { definePlans } from '@tollgate/core';
import { createManualClock } from '@tollgate/testkit';
import express from 'express';
import type { Store } from 'express-rate-limit';
import request from 'supertest';
import { type RateLimitOptions, rateLimit } from '../src/index.js';
import { appOf } from './app.js';

const plans = definePlans({ free: { requests: '5/min' } });

/** An app that answers the status of its limits, asked without being counted and asked behind the limiter. */
function world(options: Partial<RateLimitOptions> = {}) {
  const limiter = rateLimit({ plans, ...options });
  const app = appOf(express, limiter, (req, res, next) => {
    if (req.query.status === undefined) return next();
    limiter.limitStatus(req).then(
      (limitStatus) => res.json({ limitStatus }),
      (error) => res.status(500).end(String(error)),
    );
  });
  const ask = (query = '') =>
    request(app).post(`/v1/chat${query}`).set('x-test-caller', 'acme/ann/k1').set('x-test-plan', 'free');
  return { ask, limitStatus: async () => (await ask('?status=1').expect(200)).body.limitStatus };
}

/** A store that fails when it is told to, and has no get() unless told otherwise. */
class Shaky implements Store {
  down = false;
  #hits = 0;
  async increment() {
    if (this.down) throw new Error('away');
    this.#hits += 1;
    return { totalHits: this.#hits, resetTime: new Date(Date.now() + 30_000) };
  }
  async decrement() {
    this.#hits -= 1;
  }
  async resetKey() {}
}
class Readable extends Shaky {
  async get() {
    if (this.down) throw new Error('away');
    return { totalHits: 3, resetTime: new Date(Date.now() + 30_000) };
  }
}

describe('the limit status of a caller', () => {
  it('is reported without counting, and forgets a window that is over', async () => {
    const clock = createManualClock(Date.UTC(2026, 0, 5, 12));
    const { ask, limitStatus } = world({ now: clock.now });
    const line = { name: 'requests-min', quota: 5, windowMs: 60_000 };
    await ask().expect(200);
    clock.advance(10_000);
    for (let count = 0; count < 8; count += 1) {
      expect(await limitStatus()).toEqual([{ ...line, used: 1, left: 4, resetsAtMs: clock.now() + 50_000 }]);
    }
    clock.advance(50_000);
    expect(await limitStatus()).toEqual([{ ...line, used: 0, left: 5 }]);
  });

  it('is nothing for callers that are not known, and where nothing is counted', async () => {
    expect((await world({ mode: 'off' }).limitStatus()).length).toBe(0);
  });

  it('is what memory has counted while the store is down, or nothing where memory does not stand in', async () => {
    const store = new Readable();
    const local = world({ stores: () => store });
    expect(await local.limitStatus()).toMatchObject([{ used: 3, left: 2 }]);
    store.down = true;
    for (let count = 0; count < 3; count += 1) await local.ask().expect(200);
    expect(await local.limitStatus()).toMatchObject([{ used: 3, left: 2 }]);
    const other = new Readable();
    const closed = world({ stores: () => other, whenStoreDown: 'closed' });
    other.down = true;
    await closed.ask('?status=1').expect(503);
  });

  it('is not guessed where a store cannot tell', async () => {
    const answer = await world({ stores: () => new Shaky() })
      .ask('?status=1')
      .expect(500);
    expect(answer.text).toContain('the store has no get()');
  });
});
