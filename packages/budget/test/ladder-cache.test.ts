import { describe, expect, it } from '@jest/globals';
import {
  contextOf,
  counterOf,
  definePlans,
  memoryQuota,
  type PlanDeclaration,
  spend,
  subscribe,
} from '@tollgate/core';
import type { CachedAnswer, SettledCall, Writing } from '@tollgate/core/internal';
import type { RequestHandler } from 'express';
import request from 'supertest';
import { budget } from '../src/index.js';
import { appOf, callerOn, callProvider } from './app.js';
import { costOf, used } from './stub-meter.js';

const caller = callerOn('one');
const answer: CachedAnswer = { contentType: 'application/json', body: new Uint8Array(), ageMs: 5_000 };
const limit = '$0.001/day';
const dayMs = 86_400_000;
const body = { model: 'large', input: 100, max_tokens: 20 };

/** Stands where `cache()` stands: knows an answer to every call, which is fresh or not. */
function knows(state: { known: boolean; fresh: boolean }): RequestHandler {
  return (req, res, next) => {
    const { calls } = contextOf(req, res);
    const offer = (call: Writing<SettledCall>): void => {
      call.cached = state.known ? answer : undefined;
      call.replays = state.known && state.fresh;
    };
    calls.use({ name: 'cache', stage: 'recall', begin: offer });
    if (calls.declared) offer(calls.declared);
    next();
  };
}

/** A handler like `proxy()`: replays what it is told to, and calls otherwise. */
const proxied: RequestHandler = (req, res, next) => {
  const { body: asked } = req;
  const outgoing = {
    method: 'POST',
    url: 'http://provider.test/v1/chat/completions',
    headers: {},
    body: asked,
  };
  Promise.resolve(req.tollgate.calls.begin(outgoing)).then(async (handle) => {
    const { replays = false } = handle.call;
    if (!replays) handle.onUsage(used(100, 0));
    await handle.end({ outcome: 'ok', status: 200, sent: !replays, last: true });
    res.json({ replayed: replays, sent: replays ? undefined : JSON.parse(handle.body ?? '{}') });
  }, next);
};

function world(plan: PlanDeclaration, handler: RequestHandler = proxied, more: object = {}) {
  const clock = { nowMs: Date.parse('2026-11-21T08:00:00Z') };
  const now = () => clock.nowMs;
  const store = memoryQuota({ now });
  const state = { known: true, fresh: false };
  const plans = definePlans({ one: plan });
  const app = appOf(caller, (app) => {
    app.use(knows(state), budget({ plans, store, now, ...more }));
    app.post('/', handler);
  });
  const counter = counterOf(spend(limit), { caller });
  const money = async () => {
    const [found] = await store.read('acme', [counter]);
    return { used: found?.used ?? 0, held: found?.held ?? 0 };
  };
  const ask = async (asked: object = body) => {
    const { used: usedBefore } = await money();
    const { status, headers, body: said } = await request(app).post('/').send(asked);
    return { share: usedBefore / counter.limit, status, headers, said };
  };
  return { ask, money, state, clock };
}

describe('the ladder\'s step "cache first"', () => {
  const plan: PlanDeclaration = {
    spend: limit,
    models: ['large', 'small'],
    degrade: [
      { at: 0.3, warn: true },
      { at: 0.5, cache: 'first' },
      { at: 0.7, model: { large: 'small' } },
    ],
  };

  it('gives what is known at its threshold and not before, says so, and no more in the next window', async () => {
    const { ask, money, clock } = world(plan);
    const seen: boolean[] = [];
    for (;;) {
      const { share, said, headers } = await ask();
      seen.push(said.replayed);
      expect({ share, replayed: said.replayed }).toEqual({ share, replayed: share >= 0.5 });
      expect(headers['x-tollgate-degraded']).toBe(share >= 0.5 ? 'budget' : undefined);
      expect(headers['x-tollgate-warning']).toBe(share >= 0.3 ? 'budget;used=0.3' : undefined);
      if (share >= 0.5) break;
    }
    expect(seen.length).toBeGreaterThan(3);
    const before = await money();
    for (const _ of [1, 2, 3]) expect((await ask()).said.replayed).toBe(true);
    // Nothing was held, charged or left behind by those.
    expect(await money()).toEqual({ ...before, held: 0 });
    clock.nowMs += dayMs;
    const { said, headers } = await ask();
    expect([said.replayed, headers['x-tollgate-degraded']]).toEqual([false, undefined]);
  });

  it('goes on to the other steps where nothing is known, and comes back where something is', async () => {
    const { ask, state } = world(plan);
    state.known = false;
    const models = new Set<string>();
    let last = await ask();
    for (; last.status === 200; last = await ask()) {
      expect(last.said.sent.model).toBe(last.share < 0.7 ? 'large' : 'small');
      models.add(last.said.sent.model);
    }
    expect([...models]).toEqual(['large', 'small']);
    expect(last.status).toBe(402);
    state.known = true;
    // The call itself can no longer be paid.
    expect((await ask()).said).toEqual({ replayed: true });
  });

  it('answers what does not fit, whatever the share; but not what the plan does not allow', async () => {
    const { ask } = world(plan);
    expect((await ask({ ...body, input: 2_000 })).said).toEqual({ replayed: true });
    expect((await ask({ ...body, model: 'free' })).status).toBe(403);
  });

  it('stands in the ladder where it is written: a model before it is taken first', async () => {
    const { ask } = world({
      spend: limit,
      degrade: [
        { at: 0.2, model: { large: 'small' } },
        { at: 0.5, cache: 'first' },
      ],
    });
    for (;;) {
      const { share, said } = await ask();
      if (share >= 0.5) expect(said.replayed).toBe(true);
      else expect(said.sent.model).toBe(share < 0.2 ? 'large' : 'small');
      if (share >= 0.5) break;
    }
  });

  it('holds for the calls of a handler of its own too', async () => {
    const handler: RequestHandler = (req, res, next) => {
      callProvider(req.tollgate, body, { usage: used(600, 0) })
        .then(() => req.tollgate.calls.begin({ method: 'POST', url: 'http://p.test', headers: {}, body }))
        .then(async (handle) => {
          await handle.end({ outcome: 'ok', status: 200, sent: false, last: true });
          res.json({ replayed: handle.call.replays });
        })
        .catch(next);
    };
    const { ask, money } = world(plan, handler);
    // No call is known from this body; the first one takes six tenths.
    expect((await ask({ agent: true })).said).toEqual({ replayed: true });
    expect(await money()).toEqual({ used: costOf('large', used(600, 0)), held: 0 });
  });

  it('is none in shadow mode', async () => {
    const { ask } = world(plan, proxied, { mode: 'shadow' });
    for (let turn = 0; turn < 12; turn += 1) expect((await ask()).said.replayed).toBe(false);
  });
});

describe('an answer that is fresh', () => {
  const plan: PlanDeclaration = { spend: limit, models: ['large'] };

  it('takes nothing, and is given when nothing is left', async () => {
    const { ask, money, state } = world(plan);
    while ((await ask()).status === 200);
    state.fresh = true;
    const asked: unknown[] = [];
    const end = subscribe('tollgate:reserve', (facts) => asked.push(facts));
    const before = await money();
    const { status, said, headers } = await ask();
    end();
    expect({ status, said }).toEqual({ status: 200, said: { replayed: true } });
    expect(headers['x-tollgate-degraded']).toBeUndefined();
    expect(asked).toEqual([]);
    expect(await money()).toEqual(before);
  });

  it('is refused with the model', async () => {
    const { ask, state } = world(plan);
    state.fresh = true;
    expect((await ask({ ...body, model: 'small' })).status).toBe(403);
  });

  it('counts as a request, where requests are counted', async () => {
    const { ask, state } = world({ ...plan, requests: '2/min' }, proxied, { requests: true });
    state.fresh = true;
    expect((await ask()).status).toBe(200);
    expect((await ask()).status).toBe(200);
    expect((await ask()).status).toBe(429);
  });

  it('does not pay for a handler that makes another call: that one is covered, or refused', async () => {
    const handler: RequestHandler = (req, res, next) => {
      const other = { ...body, input: 200 };
      req.tollgate.calls.use({
        name: 'other',
        stage: 'recall',
        begin: (call: Writing<SettledCall>) => {
          call.cached = undefined;
          call.replays = false;
        },
      });
      callProvider(req.tollgate, other, { usage: used(200, 0) }).then(() => res.json({}), next);
    };
    const { ask, money, state } = world(plan, handler);
    state.fresh = true;
    let answers = 0;
    for (; (await ask()).status === 200; answers += 1) {
      expect(await money()).toEqual({ used: (answers + 1) * costOf('large', used(200, 0)), held: 0 });
    }
    expect(answers).toBe(4);
  });
});
