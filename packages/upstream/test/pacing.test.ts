import { afterEach, describe, expect, it } from '@jest/globals';
import { type Caller, contextOf, subscribe, TollgateError } from '@tollgate/core';
import type { Request, Response } from 'express';
import { anthropic, openai, type ResilienceOptions, resilience, resilient } from '../src/index.js';
import { appKey, chat, type Journey, type JourneyOptions, journey, messages } from './journey.js';

let app: Journey | undefined;
afterEach(() => app?.close());

const asTenant = (req: Request, res: Response): void => {
  const tenant = req.headers['x-tenant'];
  if (typeof tenant === 'string') contextOf(req, res).caller = callerOf(tenant);
};
const callerOf = (tenant: string): Caller => ({ id: tenant, tenant, plan: 'pro', scopes: [], labels: {} });

/** 20 requests a second, and some at the start. */
const twentyASecond = (left: number) => ({ requests: { limit: 1_200, left } });

const start = (more: JourneyOptions, options: ResilienceOptions = {}): Promise<Journey> =>
  journey({
    before: asTenant,
    resilience: resilience({ retries: false, pacing: {}, ...options }),
    ...more,
  });

interface Seen {
  readonly status: number;
  readonly ms: number;
  readonly route: string | null;
  readonly model: string | null;
}

async function ask(
  to: Journey,
  tenant = 'acme',
  body: object = chat,
  path = '/v1/chat/completions',
): Promise<Seen> {
  const startedMs = performance.now();
  const answer = await to.post(path, body, { 'x-tenant': tenant });
  await answer.text();
  const { headers, status } = answer;
  return {
    status,
    ms: performance.now() - startedMs,
    route: headers.get('x-tollgate-route'),
    model: headers.get('x-tollgate-model'),
  };
}

const many = (to: Journey, count: number, tenant?: string): Promise<Seen[]> =>
  Promise.all(Array.from({ length: count }, () => ask(to, tenant)));
const refused = ({ sim }: Journey): number => sim.requests.filter(({ status }) => status === 429).length;

describe('a provider that limits requests', () => {
  it('refuses none of those that are paced, and many of those that are not', async () => {
    app = await start({ limits: twentyASecond(30) });
    await ask(app);
    const startedMs = performance.now();
    const answers = await many(app, 80);
    const tookMs = performance.now() - startedMs;
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(refused(app)).toBe(0);
    // 51 of them had to wait for what comes back: 20 a second.
    expect(tookMs).toBeGreaterThan(2_300);
    expect(tookMs).toBeLessThan(6_000);
    await app.close();

    app = await start({
      limits: { requests: { limit: 60, left: 30 } },
      resilience: resilience({ retries: false }),
    });
    await ask(app);
    await many(app, 80);
    expect(refused(app)).toBeGreaterThan(20);
  }, 90_000);

  it('is not passed where its limit comes back at once, at the end of a window', async () => {
    app = await start({ limits: { requests: { limit: 20, perMs: 1_500, refill: 'at-once' } } });
    await ask(app);
    expect((await many(app, 50)).every(({ status }) => status === 200)).toBe(true);
    expect(refused(app)).toBe(0);
  }, 90_000);

  it('serves tenants in turn: one that sends much does not hold up one that sends little', async () => {
    app = await start({ limits: twentyASecond(5) });
    await ask(app);
    const busy = many(app, 60, 'busy');
    await app.sim.waitFor(10);
    const quiet: Seen[] = [];
    for (let call = 0; call < 5; call += 1) quiet.push(await ask(app, 'quiet'));
    const slowest = Math.max(...(await busy).map(({ ms }) => ms));
    expect(slowest).toBeGreaterThan(2_000);
    for (const { status, ms } of quiet) {
      expect(status).toBe(200);
      expect(ms).toBeLessThan(600);
    }
    expect(refused(app)).toBe(0);
  }, 90_000);

  it('is told nothing of a call whose client has left while it waited', async () => {
    app = await start({ limits: { requests: { limit: 60, left: 1 } } });
    await ask(app);
    const facts: unknown[] = [];
    const unsubscribe = subscribe('tollgate:upstream', ({ paced }) => void (paced && facts.push(paced)));
    const leaving = new AbortController();
    const gone = fetch(`${app.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(chat),
      signal: leaving.signal,
    }).catch(() => 'gone');
    while (app.seen.contexts.length < 2) await new Promise((resolve) => setImmediate(resolve));
    leaving.abort();
    expect(await gone).toBe('gone');
    expect((await ask(app)).status).toBe(200);
    unsubscribe();
    expect(facts).toEqual(['gone', 'turn']);
    expect(app.sim.requests).toHaveLength(2);
  });

  it('does not count what was never sent', async () => {
    let refuse = false;
    app = await start({
      limits: { requests: { limit: 1, perMs: 600_000, left: 1 } },
      step: {
        begin() {
          if (refuse) throw new TollgateError({ status: 403, code: 'model_not_allowed', message: 'No.' });
        },
      },
    });
    app.sim.script({ status: 400 });
    // The provider does not count it either, and states that all is left.
    app.sim.queue({ headers: { 'x-ratelimit-remaining-requests': '1' } });
    await ask(app);
    refuse = true;
    expect((await ask(app)).status).toBe(403);
    refuse = false;
    expect((await ask(app)).status).not.toBe(503);
    expect(app.sim.requests).toHaveLength(2);
  });
});

describe('a call that a provider has no room for', () => {
  it('is refused with 429 and the time to wait, and not sent, where it would wait too long', async () => {
    app = await start({ limits: { requests: { limit: 6, left: 1 } } }, { pacing: { maxWaitMs: 200 } });
    await ask(app);
    const answer = await app.post('/v1/chat/completions', chat);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(7);
    expect(await answer.json()).toMatchObject({ error: { code: 'upstream_rate_limited' } });
    expect(app.sim.requests).toHaveLength(1);
  });

  it('goes to its fallback where it would wait for more than a second, and waits where that has no room either', async () => {
    app = await start(
      { limits: { requests: { limit: 30, left: 1 } } },
      { fallbacks: { 'gpt-5': ['gpt-5-mini'] } },
    );
    const gpt5 = { ...chat, model: 'gpt-5' };
    expect((await ask(app, 'acme', gpt5)).route).toBeNull();
    expect(await ask(app, 'acme', gpt5)).toMatchObject({
      status: 200,
      route: 'openai/gpt-5;limited, openai/gpt-5-mini',
      model: 'gpt-5-mini',
    });
    const third = await ask(app, 'acme', gpt5);
    expect(third.status).toBe(200);
    expect(third.ms).toBeGreaterThan(500);
    expect(refused(app)).toBe(0);
  });

  it('goes with another key of the app that has room', async () => {
    app = await start({
      limits: { requests: { limit: 6, left: 2 } },
      providers: (sim) => [openai({ apiKeys: [appKey, 'sk-other'], baseUrl: sim.openAiUrl })],
    });
    const statuses: number[] = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await ask(app)).status);
    expect(statuses).toEqual([200, 200, 200, 200]);
    const used = app.sim.requests.map(({ headers }) => headers.authorization);
    expect(used.filter((key) => key === `Bearer ${appKey}`)).toHaveLength(2);
  });

  it('waits for tokens as for requests, at Anthropic too', async () => {
    const perSecond = { limit: 6_000, left: 400 };
    app = await start({
      limits: { tokens: perSecond },
      providers: (sim) => [anthropic({ apiKey: appKey, baseUrl: sim.url })],
    });
    const answers: Seen[] = [];
    for (let call = 0; call < 8; call += 1) answers.push(await ask(app, 'acme', messages, '/v1/messages'));
    // What a token is to the provider is guessed too small at first, and learnt.
    expect(answers.filter(({ status }) => status !== 200).length).toBeLessThanOrEqual(2);
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeGreaterThan(400);
  });

  it('rests with all others for as long as a 429 says', async () => {
    app = await start({});
    app.sim.queue({ status: 429, retryAfterMs: 700 });
    expect((await ask(app)).status).toBe(429);
    const [after] = await many(app, 5);
    expect(after?.status).toBe(200);
    expect(after?.ms).toBeGreaterThan(500);
    expect(refused(app)).toBe(1);
  });
});

describe('resilient() with pacing', () => {
  it('paces what an SDK sends, by the tenants of the running requests', async () => {
    app = await start({ limits: twentyASecond(10) });
    const { sim } = app;
    const send = resilient(fetch, { retries: false, pacing: {} });
    const call = async (): Promise<number> => {
      const headers = { authorization: `Bearer ${appKey}`, 'content-type': 'application/json' };
      const body = JSON.stringify(chat);
      const answer = await send(`${sim.openAiUrl}/chat/completions`, { method: 'POST', headers, body });
      await answer.text();
      return answer.status;
    };
    await call();
    const statuses = await Promise.all(Array.from({ length: 40 }, () => call()));
    expect(statuses).toEqual(Array.from({ length: 40 }, () => 200));
    expect(refused(app)).toBe(0);
  }, 20_000);
});

describe('pacing', () => {
  it('is checked at start', () => {
    expect(() => resilience({ pacing: { maxWaitMs: -1 } })).toThrow(
      'resilience: pacing: "maxWaitMs" must be',
    );
    expect(() => resilience({ pacing: { maxWait: 1 } as never })).toThrow('maxWaitMs');
    expect(() => resilience({ shared: {} as never })).toThrow('resilience: "shared" must be');
  });
});
