import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type CacheStore,
  contextOf,
  definePlans,
  memoryCache,
  subscribe,
  type TollgateContext,
} from '@tollgate/core';
import { forgetWarnings, type SettledCall, type Writing } from '@tollgate/core/internal';
import express from 'express';
import express4 from 'express4';
import request from 'supertest';
import { type CacheOptions, cache } from '../src/index.js';
import { acme, answer, contextFor, made } from './stub-call.js';

type Facts = Readonly<Record<string, unknown>>;

const chat = { model: 'm', messages: [], temperature: 0 };
const clock = { nowMs: 0 };
let told: Facts[] = [];
let warned: unknown[] = [];
let ends: (() => void)[] = [];
beforeEach(() => {
  clock.nowMs = 1_000_000;
  told = [];
  warned = [];
  forgetWarnings();
  ends = [
    subscribe('tollgate:cache', (facts) => told.push(facts)),
    subscribe('tollgate:warning', ({ code }) => warned.push(code)),
  ];
});
afterEach(() => {
  for (const end of ends) end();
});

/** One cache, and contexts that share it. */
function world(options: CacheOptions = {}): () => TollgateContext {
  const cached = cache({ now: () => clock.nowMs, ...options });
  return () => contextFor(acme, (context) => cached.attach(context));
}

describe('cache()', () => {
  it('gives again what was given, and says what it would have cost', async () => {
    const context = world();
    expect(await made(context(), chat)).toMatchObject({ text: answer, replayed: false });
    clock.nowMs += 2_000;
    expect(await made(context(), chat)).toMatchObject({ text: answer, replayed: true });
    expect(told).toMatchObject([
      { outcome: 'miss', tenant: 'acme', model: 'm' },
      { outcome: 'stored', bytes: expect.any(Number) },
      { outcome: 'hit', ageMs: 2_000, savedNanoUsd: 15 },
    ]);
    expect(JSON.stringify(told)).not.toContain('Hi');
  });

  it('up to its age; after that only what the ladder may ask for is kept in view', async () => {
    const plans = definePlans({ test: { spend: '$1/day', degrade: [{ at: 0.5, cache: 'first' }] } });
    const context = world({ plans, maxAgeMs: 1_000, staleMs: 5_000 });
    await made(context(), chat);
    clock.nowMs += 1_001;
    const { handle, replayed } = await made(context(), chat, { headers: { 'cache-control': 'no-store' } });
    expect([replayed, handle.call.cached]).toEqual([false, undefined]);
    const stale = await context().calls.begin({
      method: 'POST',
      url: 'https://api.test/v1',
      headers: {},
      body: chat,
    });
    expect([stale.call.replays, stale.call.cached?.ageMs]).toEqual([undefined, 1_001]);
    clock.nowMs += 4_000;
    const gone = await context().calls.begin({
      method: 'POST',
      url: 'https://api.test/v1',
      headers: {},
      body: chat,
    });
    expect(gone.call.cached).toBeUndefined();
  });

  it('keeps what nobody would repeat only for callers whose ladder prefers it', async () => {
    const plans = definePlans({
      test: { spend: '$1/day', degrade: [{ at: 0.5, cache: 'first' }] },
      other: { spend: '$1/day' },
    });
    const cached = cache({ plans });
    const as = (plan: string) => contextFor({ ...acme, plan }, (context) => cached.attach(context));
    const warm = { ...chat, temperature: 1 };
    for (const plan of ['test', 'other', 'unheard-of']) await made(as(plan), warm);
    expect(told.filter(({ outcome }) => outcome === 'stored')).toHaveLength(1);
    const { handle, replayed } = await made(as('test'), warm);
    expect([replayed, handle.call.cached !== undefined]).toEqual([false, true]);
    expect((await made(as('other'), warm)).handle.call.cached).toBeUndefined();
  });

  it("keeps nothing that is longer than it may be, broken, or another model's", async () => {
    const context = world({ maxAnswerBytes: answer.length });
    await made(context(), chat, { sent: answer.replace('Hi', 'Hello') });
    await made(context(), chat, { sent: answer.slice(0, -1) });
    await made(context(), chat, { sent: answer.replace('stop', 'length') });
    const swapped = context();
    swapped.calls.use({
      name: 'budget',
      stage: 'cover',
      begin: (call: Writing<SettledCall>) => {
        call.degradedFrom = 'm';
      },
    });
    await made(swapped, chat);
    expect(told.map(({ outcome }) => outcome)).toEqual(['miss', 'miss', 'miss', 'miss']);
    await made(context(), chat);
    expect((await made(context(), chat)).replayed).toBe(true);
  });

  it('keeps what guardrails have made of it, wherever they are mounted', async () => {
    const context = (): TollgateContext => {
      const made = plain();
      made.calls.use({
        name: 'guardrails',
        stage: 'inspect',
        chunk: (_call, chunk) => Buffer.from(Buffer.from(chunk).toString('utf8').replace('Hi', '[x]')),
      });
      return made;
    };
    const plain = world();
    await made(context(), chat);
    const { text, replayed } = await made(context(), chat);
    expect([replayed, text]).toEqual([true, answer.replace('Hi', '[x]')]);
  });

  it('tells calls apart by all that a provider sees of them', async () => {
    const context = world();
    const asked = [
      chat,
      { ...chat, model: 'n' },
      { ...chat, stream_options: { include_usage: true } },
      { ...chat, messages: [{ role: 'user', content: '' }] },
      { ...chat, user: 'u' },
    ];
    for (const body of asked) expect((await made(context(), body)).replayed).toBe(false);
    const headers = { 'anthropic-beta': 'files' };
    expect((await made(context(), chat, { headers })).replayed).toBe(false);
    expect((await made(context(), chat, { headers })).replayed).toBe(true);
    expect((await made(context(), chat, { headers: { 'x-request-id': '5' } })).replayed).toBe(true);
  });

  it('in shadow mode only says what it would have answered', async () => {
    const context = world({ mode: 'shadow' });
    await made(context(), chat);
    expect((await made(context(), chat)).replayed).toBe(false);
    expect(told.at(2)).toMatchObject({ outcome: 'hit', shadow: true, savedNanoUsd: 15 });
  });

  it('does not wait for a store longer than its deadline, and says that it failed', async () => {
    const store: CacheStore = {
      get: () => new Promise(() => undefined),
      set: () => Promise.reject(new Error()),
    };
    const context = world({ store, storeDeadlineMs: 10 });
    expect((await made(context(), chat)).replayed).toBe(false);
    await new Promise(setImmediate);
    expect(told).toMatchObject([
      { outcome: 'fault', operation: 'get' },
      { outcome: 'miss' },
      { outcome: 'fault', operation: 'set' },
    ]);
  });

  it('leaves a store that hangs alone for a second after three calls: those requests do not wait', async () => {
    let asked = 0;
    const store: CacheStore = {
      get: () => {
        asked += 1;
        return new Promise(() => undefined);
      },
      set: () => undefined,
    };
    const context = world({ store, storeDeadlineMs: 10 });
    for (let round = 0; round < 10; round += 1) {
      expect((await made(context(), chat)).replayed).toBe(false);
    }
    expect(asked).toBe(3);
    expect(told.filter(({ outcome, operation }) => outcome === 'fault' && operation === 'get')).toHaveLength(
      3,
    );
  });

  it.each([
    ['Express 5', express],
    ['Express 4.18', express4],
  ])('on %s warns where it stands in the wrong place, or twice', async (_name, create) => {
    const app = create();
    app.use((req, res, next) => {
      contextOf(req, res).caller = acme;
      next();
    });
    app.use(cache(), cache({ store: memoryCache() }));
    app.use((_req, res) => void res.json({ ok: true }));
    const response = await request(app).post('/').send({});
    expect(response.body).toEqual({ ok: true });
    expect(warned).toEqual(['TOLLGATE_W_ORDER', 'TOLLGATE_W_MOUNTED_TWICE']);
  });

  it('does nothing where it is off', async () => {
    const context = world({ mode: 'off' })();
    expect(context.calls.has('cache')).toBe(false);
  });

  it('throws at start for a wrong or misspelt option', () => {
    expect(() => cache({ maxAge: 5 } as never)).toThrow('did you mean "maxAgeMs"?');
    expect(() => cache({ when: 'sometimes' as never })).toThrow('cache: "when" must be one of');
    expect(() => cache({ maxAgeMs: 0 })).toThrow('cache: "maxAgeMs" must be a positive integer');
    expect(() => cache({ maxAgeMs: 10, staleMs: 5 })).toThrow('"staleMs" must be at least "maxAgeMs"');
    expect(() => cache({ store: {} as never })).toThrow('cache: "store" must be an object with get(), set()');
  });
});
