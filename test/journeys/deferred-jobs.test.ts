import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import {
  callbackSink,
  counterOf,
  memoryJobs,
  memoryKeys,
  memoryQuota,
  type PlanDeclaration,
  spend,
  type TollgateOptions,
  type UsageEvent,
} from 'tollgate';
import { type AppSetup, passThrough, type RunningApp, startApp } from './running-app.js';

const opensAtMs = Date.parse('2026-11-22T00:00:00Z');
const capNanoUsd = 10_000_000;
const plan: PlanDeclaration = {
  spend: '$0.01/day',
  models: ['gpt-5', 'gpt-5-mini'],
  degrade: [
    { at: 0.3, warn: true },
    { at: 0.5, model: { 'gpt-5': 'gpt-5-mini' } },
    { at: 0.7, maxOutputTokens: 64 },
    { at: 0.8, defer: true },
    { at: 0.95, refuse: true },
  ],
};
const question = {
  model: 'gpt-5',
  max_completion_tokens: 100,
  messages: [{ role: 'user', content: 'Tell me of the sea.' }],
};

let app: RunningApp | undefined;
afterEach(() => app?.close());

/** An app whose clock is moved by hand, which does what was deferred. */
async function deferringApp(
  more: { options?: Partial<TollgateOptions>; routes?: AppSetup['routes']; maxJobs?: number } = {},
) {
  const clock = { nowMs: Date.parse('2026-11-21T08:00:00Z') };
  const now = () => clock.nowMs;
  const events: UsageEvent[] = [];
  const keys = memoryKeys([], { now });
  const store = memoryQuota({ now, sinks: [callbackSink((event) => void events.push(event))] });
  const routes = more.routes ?? passThrough;
  const running = await startApp({
    plan,
    provider: { script: { tokens: 100 } },
    options: {
      ...{ keys, store, authenticate: { now }, budget: { now }, meter: { now } },
      jobs: { queue: memoryJobs({ now, pollMs: 10, maxJobs: more.maxJobs ?? 100 }) },
      ...more.options,
    },
    routes: (express, tg, provider) => {
      routes(express, tg, provider);
      tg.jobs?.start(express);
    },
  });
  app = running;
  const { key, keyId } = keys.create({ tenant: 'acme', plan: 'test' });
  const other = keys.create({ tenant: 'rival', plan: 'test' }).key;
  const limit = spend('$0.01/day');
  const caller = { id: keyId, keyId, tenant: 'acme', plan: 'test', scopes: [], labels: {} };
  const counter = counterOf(limit, { caller });
  return {
    ...{ running, clock, events, keys, keyId, other },
    async share(): Promise<number> {
      await running.settled();
      const [state] = await store.read('acme', [counter]);
      expect(state?.held).toBe(0);
      return (state?.used ?? 0) / capNanoUsd;
    },
    async ask(mayWait: boolean) {
      const response = await fetch(`${running.url}/v1/chat/completions`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          ...(mayWait && { prefer: 'respond-async' }),
        },
        body: JSON.stringify(question),
      });
      return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
    },
    async about(location: string, { as = key, method = 'GET' } = {}) {
      const headers = { authorization: `Bearer ${as}` };
      const response = await fetch(`${running.url}${location}`, { method, headers });
      return { status: response.status, body: JSON.parse(await response.text()) };
    },
  };
}

type Deferring = Awaited<ReturnType<typeof deferringApp>>;

async function untilStatus({ about }: Deferring, location: string, status: string) {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const { body } = await about(location);
    if (body.status === status) return body;
    await delay(10);
  }
  throw new Error(`${location} never was ${status}`);
}

/** Asks until so much of the cap is used. */
async function fill(one: Deferring, share: number): Promise<void> {
  for (let tries = 0; (await one.share()) < share; tries += 1) {
    if (tries > 100) throw new Error('the cap is never used up');
    expect((await one.ask(false)).status).toBe(200);
  }
}

describe('the ladder with a step that defers, driven from 0 to 100 % of a cap', () => {
  it('warns, takes a cheaper model, a smaller answer, defers what may wait and refuses at last, each at its threshold; the next window begins anew', async () => {
    const one = await deferringApp();
    const seen: { share: number; waits: string; step: string }[] = [];
    const stepOf = ({ status, headers, body }: Awaited<ReturnType<Deferring['ask']>>): string => {
      if (status === 202) return 'deferred';
      if (status === 402) return `refused: ${String(body.error.message).split('.')[0]}`;
      const { completion_tokens } = body.usage;
      return [headers.get('x-tollgate-warning'), headers.get('x-tollgate-model'), completion_tokens].join(
        ' ',
      );
    };
    const expected = (share: number, mayWait: boolean): string => {
      if (mayWait && share >= 0.8) return 'deferred';
      if (share >= 0.95) return 'refused: This plan admits nothing more once 95 % of a limit are taken';
      const warning = share < 0.3 ? '' : 'budget;used=0.3';
      return [warning, share < 0.5 ? '' : 'gpt-5-mini', share < 0.7 ? 100 : 64].join(' ');
    };
    const locations: string[] = [];
    for (let turn = 0; ; turn += 1) {
      for (const mayWait of [true, false]) {
        const share = await one.share();
        const answer = await one.ask(mayWait);
        const step = stepOf(answer);
        expect({ share, mayWait, step }).toEqual({ share, mayWait, step: expected(share, mayWait) });
        seen.push({ share, waits: mayWait ? 'may' : 'no', step });
        if (answer.status === 202) locations.push(answer.headers.get('location') ?? '');
      }
      if (seen.at(-1)?.step.startsWith('refused')) break;
      expect(turn).toBeLessThan(100);
    }
    for (const [from, to] of [
      [0, 0.3],
      [0.3, 0.5],
      [0.5, 0.7],
      [0.7, 0.8],
      [0.8, 0.95],
      [0.95, 1],
    ] as const) {
      expect(seen.some(({ share }) => share >= from && share < to)).toBe(true);
    }
    expect(locations.length).toBeGreaterThan(2);
    const before = one.events.length;
    expect(before).toBe(seen.filter(({ step }) => step !== 'deferred' && !step.startsWith('refused')).length);

    one.clock.nowMs = opensAtMs;
    const answers = [];
    for (const location of locations) answers.push((await untilStatus(one, location, 'completed')).answer);
    // Whole again, neither swapped nor cut; the last of many meet the next window's own ladder.
    expect(answers[0]).toMatchObject({
      status: 200,
      body: { model: 'gpt-5', usage: { completion_tokens: 100 } },
    });
    await one.running.settled();
    const later = one.events.slice(before);
    expect(later.map(({ requestId }) => `/v1/jobs/${requestId}`).sort()).toEqual([...locations].sort());
    const cost = later.reduce((sum, { costNanoUsd }) => sum + Number(costNanoUsd), 0);
    expect(await one.share()).toBe(cost / capNanoUsd);
    expect(one.running.provider.requests).toHaveLength(one.events.length);
  }, 90_000);
});

describe('a deferred request', () => {
  it('is seen and cancelled by its own caller alone, also when its money is gone, and cancelled ones are charged nothing', async () => {
    const one = await deferringApp();
    await fill(one, 0.95);
    const charged = one.events.length;
    const location = (await one.ask(true)).headers.get('location') ?? '';
    expect((await one.about(location, { as: one.other })).status).toBe(404);
    expect((await one.about(location, { as: one.other, method: 'DELETE' })).status).toBe(404);
    expect((await one.about(location)).body.status).toBe('queued');
    const { status, body } = await one.about(location, { method: 'DELETE' });
    expect({ status, is: body.status }).toEqual({ status: 200, is: 'cancelled' });
    one.clock.nowMs = opensAtMs;
    expect((await one.ask(false)).status).toBe(200);
    await one.running.settled();
    expect(one.events.length).toBe(charged + 1);
  });

  it('of a key that was revoked meanwhile is not done, and charged nothing', async () => {
    const one = await deferringApp();
    await fill(one, 0.8);
    const charged = one.events.length;
    const { headers, body } = await one.ask(true);
    one.keys.revoke(one.keyId);
    const failed: unknown[] = [];
    const stop = subscribe('tollgate:job', (facts) => void failed.push(facts));
    one.clock.nowMs = opensAtMs;
    for (let tries = 0; failed.length === 0 && tries < 1_000; tries += 1) await delay(5);
    stop();
    expect(failed).toEqual([
      expect.objectContaining({ outcome: 'failed', code: 'caller_gone', jobId: body.id, tenant: 'acme' }),
    ]);
    expect((await one.about(headers.get('location') ?? '')).status).toBe(401);
    expect(one.events.length).toBe(charged);
  });

  it('that a provider cannot answer is made again, and charged once, when it is', async () => {
    const one = await deferringApp();
    await fill(one, 0.8);
    const charged = one.events.length;
    const { headers, body } = await one.ask(true);
    const location = headers.get('location') ?? '';
    const { provider } = one.running;
    const asked = provider.requests.length;
    provider.script({ status: 500 });
    one.clock.nowMs = opensAtMs;
    for (let tries = 0; provider.requests.length === asked && tries < 1_000; tries += 1) await delay(5);
    expect(await untilStatus(one, location, 'queued')).not.toHaveProperty('answer');
    provider.script({ tokens: 100 });
    one.clock.nowMs += 10_000;
    await untilStatus(one, location, 'completed');
    await one.running.settled();
    const paid = one.events.slice(charged).filter(({ costNanoUsd }) => costNanoUsd !== '0');
    expect(paid.map(({ requestId }) => requestId)).toEqual([body.id]);
  });

  it('is refused as ever where its plan has no step that defers, and with 503 where the queue is full', async () => {
    const one = await deferringApp({
      options: { plans: { test: { ...plan, degrade: [{ at: 0.5, refuse: true }] } } },
    });
    await fill(one, 0.5);
    expect((await one.ask(true)).status).toBe(402);
    await one.running.close();
    app = undefined;
    const other = await deferringApp({ maxJobs: 1 });
    await fill(other, 0.8);
    const charged = other.events.length;
    expect((await other.ask(true)).status).toBe(202);
    const { status, body } = await other.ask(true);
    expect({ status, code: body.error.code }).toEqual({ status: 503, code: 'queue_full' });
    await other.running.settled();
    expect(other.events.length).toBe(charged);
  });
});
