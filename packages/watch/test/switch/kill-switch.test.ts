import { afterEach, describe, expect, it } from '@jest/globals';
import { contextOf, memorySwitch, subscribe, tollgateErrors } from '@tollgate/core';
import type { SettledCall, SwitchEntry, SwitchState, Writing } from '@tollgate/core/internal';
import express, { type Express, type RequestHandler } from 'express';
import express4 from 'express4';
import request from 'supertest';
import { type KillSwitch, type KillSwitchOptions, killSwitch } from '../../src/index.js';

let guard: KillSwitch | undefined;
afterEach(() => guard?.end());

const off = (kind: SwitchEntry['kind'], name: string, more: Partial<SwitchEntry> = {}): SwitchEntry => ({
  ...{ kind, name, reason: 'runaway agent', by: 'ann', sinceMs: 0, cutsRunning: false },
  ...more,
});

const jane: RequestHandler = (req, res, next) => {
  const caller = {
    id: 'k1',
    keyId: 'k1',
    tenant: 'acme',
    team: 'data',
    user: 'jane',
    plan: 'free',
    scopes: [],
    labels: {},
  };
  contextOf(req, res).caller = caller;
  next();
};

function appOf(options: Partial<KillSwitchOptions> = {}, create: typeof express = express) {
  const store = options.store ?? memorySwitch();
  guard = killSwitch({ store, ...options });
  const app: Express = create();
  app.use(jane, guard);
  return { app, store, guard };
}

describe('killSwitch()', () => {
  for (const [name, create] of [
    ['express 5', express],
    ['express 4', express4],
  ] as const) {
    it(`refuses whoever is off on ${name} with 403 switched_off, and lets others through`, async () => {
      const { app, store } = appOf({}, create);
      app.get('/', (_req, res) => void res.send('ok'));
      for (const [kind, whose, others] of [
        ['everything', '', undefined],
        ['tenant', 'acme', 'other'],
        ['team', 'acme/data', 'other/data'],
        ['user', 'acme/jane', 'other/jane'],
        ['key', 'k1', 'k2'],
      ] as const) {
        if (others !== undefined) {
          await store.turnOff(off(kind, others));
          await request(app).get('/').expect(200);
        }
        await store.turnOff(off(kind, whose));
        const answer = await request(app).get('/').expect(403);
        expect(answer.body.error).toMatchObject({ code: 'switched_off' });
        expect(answer.headers['x-should-retry']).toBe('false');
        expect(answer.text).not.toContain('runaway');
        await store.turnOn(kind, whose);
        await request(app).get('/').expect(200);
      }
    });
  }

  it('refuses each call to a model or provider that is off, whoever makes it', async () => {
    const { app, store } = appOf();
    app.post('/', async (req, res) => {
      const outgoing = { method: 'POST', url: 'https://x.test', headers: {}, body: {}, provider: 'openai' };
      req.tollgate.calls.use({
        name: 'meter',
        stage: 'parse',
        begin: (call: Writing<SettledCall>) => {
          call.parsed = {
            model: 'gpt-5-mini',
            requestedModel: 'fast',
            provider: 'openai',
          } as SettledCall['parsed'];
        },
      });
      const handle = await req.tollgate.calls.begin(outgoing);
      await handle.end({ outcome: 'ok', status: 200, sent: true, last: true });
      res.send('ok');
    });
    app.use(tollgateErrors());
    await request(app).post('/').expect(200);
    for (const [kind, name] of [
      ['model', 'gpt-5-mini'],
      ['model', 'fast'],
      ['provider', 'openai'],
      ['model', 'GPT-5-Mini'],
      ['provider', 'OpenAI'],
      ['model', 'gpt-5*'],
      ['model', '*'],
    ] as const) {
      await store.turnOff(off(kind, name));
      await request(app).post('/').expect(403);
      await store.turnOn(kind, name);
      await request(app).post('/').expect(200);
    }
    await store.turnOff(off('model', 'gpt-5'));
    await store.turnOff(off('model', 'gpt-6*'));
    await store.turnOff(off('tenant', '*'));
    await request(app).post('/').expect(200);
  });

  it('ends what runs where the entry says so, and only then', async () => {
    const { app, store, guard: own } = appOf();
    const reasons: unknown[] = [];
    let begun: () => void = () => undefined;
    app.get('/', (req, res) => {
      req.tollgate.signal.addEventListener('abort', () => {
        reasons.push(req.tollgate.signal.reason);
        res.end('cut');
      });
      begun();
    });
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const answer = request(app)
      .get('/')
      .then(({ text }) => text);
    await started;
    await store.turnOff(off('tenant', 'acme'));
    await own.refresh();
    await store.turnOff(off('everything', ''));
    await own.refresh();
    expect(reasons).toEqual([]);
    await store.turnOff(off('tenant', 'acme', { cutsRunning: true }));
    expect(await answer).toBe('cut');
    expect(reasons).toMatchObject([{ code: 'switched_off' }]);
  });

  it('lets through again what expired', async () => {
    let now = 1_000;
    const { app, store } = appOf({ now: () => now });
    app.get('/', (_req, res) => void res.send('ok'));
    await store.turnOff(off('everything', '', { expiresAtMs: 2_000 }));
    await request(app).get('/').expect(403);
    now = 2_000;
    await request(app).get('/').expect(200);
  });

  it('waits at first for what the store says, so that a restarted process comes up switched off', async () => {
    const store = memorySwitch();
    await store.turnOff(off('everything', ''));
    const { app } = appOf({ store });
    await request(app).get('/').expect(403);
  });

  it('stands on what it last knew while the store is away; before that it is open or closed by option', async () => {
    let away = true;
    const state: SwitchState = { version: '1', entries: [off('everything', '')] };
    const store = {
      ...memorySwitch(),
      read: async () => {
        if (away) throw new Error('away');
        return state;
      },
    };
    const open = appOf({ store });
    open.app.get('/', (_req, res) => void res.send('ok'));
    await request(open.app).get('/').expect(200);
    away = false;
    await open.guard.refresh();
    away = true;
    await open.guard.refresh();
    await request(open.app).get('/').expect(403);
    open.guard.end();
    const closed = appOf({ store, whenUnknown: 'closed' });
    const answer = await request(closed.app).get('/').expect(503);
    expect(answer.body.error.code).toBe('store_unavailable');
    expect(answer.headers['retry-after']).toBe('1');
  });

  it('only watches in shadow mode', async () => {
    const refusals: unknown[] = [];
    const end = subscribe('tollgate:refuse', (facts) => refusals.push(facts));
    const { app, store } = appOf({ mode: 'shadow' });
    app.get('/', (_req, res) => void res.send('ok'));
    await store.turnOff(off('tenant', 'acme', { cutsRunning: true }));
    await request(app).get('/').expect(200);
    expect(refusals).toMatchObject([{ shadow: true, code: 'switched_off' }]);
    end();
  });

  it('throws at start for a wrong or misspelt option', () => {
    expect(() => killSwitch({} as KillSwitchOptions)).toThrow('killSwitch: "store" is required');
    expect(() => killSwitch({ store: memorySwitch(), pollMs: 1 })).toThrow('"pollMs" must be');
    expect(() => killSwitch({ store: memorySwitch(), pol: 1 } as never)).toThrow('unknown option');
  });
});
