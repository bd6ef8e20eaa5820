import { afterEach, describe, expect, it } from '@jest/globals';
import { type Caller, contextOf, subscribe } from '@tollgate/core';
import type { Request, Response } from 'express';
import { decideRoute, type RouteInputs, resilience } from '../../src/index.js';
import { type RoutedApp, routedApp } from './routed-app.js';

type Answer = Awaited<ReturnType<typeof fetch>>;

let app: RoutedApp;
afterEach(() => app.close());

function actAs(req: Request, res: Response, caller: Caller): void {
  contextOf(req, res).caller = caller;
}

const routeOf = (answer: Answer): string | null => answer.headers.get('x-tollgate-route');
const simple = 'What is the capital of Norway?';
const code = 'Refactor this function in TypeScript: ```const a = 1```';

describe('a proxy with a router', () => {
  it('sends each request to the cheapest model that is good enough for its task, and says why', async () => {
    app = await routedApp();
    const one = await app.ask(simple);
    expect(one.status).toBe(200);
    expect(await one.json()).toMatchObject({ object: 'chat.completion', model: 'cheap' });
    expect(routeOf(one)).toBe('google/cheap;task=simple;by=classifier;why=cheapest');
    expect(one.headers.get('x-tollgate-model')).toBe('cheap');
    expect(one.headers.get('x-tollgate-degraded')).toBeNull();
    const other = await app.ask(code);
    expect(await other.json()).toMatchObject({ model: 'middle' });
    expect(routeOf(other)).toBe('anthropic/middle;task=code;by=classifier;why=cheapest');
    expect(app.seen.calls.map(({ outgoing }) => outgoing)).toMatchObject([
      { requestedModel: 'auto', provider: 'google', labels: { task: 'simple' } },
      { requestedModel: 'auto', provider: 'anthropic', labels: { task: 'code' } },
    ]);
  });

  it('leaves other names alone', async () => {
    app = await routedApp();
    const answer = await app.ask(simple, { model: 'gpt-5' });
    expect(await answer.json()).toMatchObject({ model: 'gpt-5' });
    expect(routeOf(answer)).toBeNull();
  });

  it('streams, also in the format of another client', async () => {
    app = await routedApp();
    const answer = await app.post('/v1/messages', {
      model: 'auto',
      max_tokens: 50,
      stream: true,
      messages: [{ role: 'user', content: simple }],
    });
    expect(routeOf(answer)).toMatch(/^google\/cheap;/);
    expect(await answer.text()).toContain('message_stop');
  });

  it('passes over a model whose provider cannot express the request', async () => {
    app = await routedApp();
    const answer = await app.ask(simple, { logprobs: true });
    expect(await answer.json()).toMatchObject({ model: 'best' });
    expect(routeOf(answer)).toBe('openai/best;task=simple;by=classifier;why=cheapest;passed-over=2');
  });

  it('goes on to the next best where the first fails, and leaves it alone when it keeps failing', async () => {
    app = await routedApp(
      {},
      { resilience: resilience({ retries: { perTarget: 1 }, breaker: { minimumCalls: 2 } }) },
    );
    app.sim.script(({ url }) => (url.includes('cheap') ? { status: 500 } : {}));
    const first = await app.ask(simple);
    expect(routeOf(first)).toBe(
      'google/cheap;status=500, anthropic/middle;task=simple;by=classifier;why=cheapest',
    );
    expect(first.headers.get('x-tollgate-degraded')).toBe('fallback');
    await app.ask(simple);
    expect(routeOf(await app.ask(simple))).toBe('anthropic/middle;task=simple;by=classifier;why=cheapest');
  });

  it('never chooses a model that the caller may not use, and says so where none is left', async () => {
    const may = new Set(['cheap', 'best']);
    app = await routedApp({}, { step: { allows: (model) => may.has(model) } });
    expect(routeOf(await app.ask(code))).toMatch(/^openai\/best;/);
    may.delete('best');
    const refused = await app.ask(code);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({
      error: { code: 'model_not_allowed', message: expect.stringContaining('code') },
    });
    expect(app.sim.requests).toHaveLength(1);
  });
});

describe('the task of a request', () => {
  it('is the route’s before all others', async () => {
    app = await routedApp({}, { task: 'code' });
    expect(routeOf(await app.ask(simple))).toBe('anthropic/middle;task=code;by=route;why=cheapest');
  });

  it('is named by a header only where the caller’s scopes allow it', async () => {
    const scopes: string[] = [];
    const caller = { id: 'k', tenant: 'acme', plan: 'free', scopes, labels: {} };
    app = await routedApp(
      { header: { name: 'X-Task', scope: 'route' } },
      { before: (req, res) => actAs(req, res, caller) },
    );
    expect(routeOf(await app.ask(simple, {}, { 'x-task': 'code' }))).toContain('task=simple');
    scopes.push('route');
    expect(routeOf(await app.ask(simple, {}, { 'x-task': 'code' }))).toContain('task=code;by=header');
    const wrong = await app.ask(simple, {}, { 'x-task': 'poetry' });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({
      error: { param: 'X-Task', message: 'The header X-Task must name a task: simple, code.' },
    });
  });

  it('is the one of the highest quality where nobody knows', async () => {
    app = await routedApp({ classify: () => 'poetry' });
    expect(routeOf(await app.ask(simple))).toContain('task=code;by=default');
  });
});

describe('what a router has seen', () => {
  it('keeps it away from a provider whose rate limit is used up', async () => {
    app = await routedApp();
    app.sim.queue({
      headers: { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '30s' },
    });
    expect(routeOf(await app.ask(simple))).toMatch(/^google\/cheap;/);
    expect(routeOf(await app.ask(simple))).toMatch(/^anthropic\/middle;/);
  });

  it('keeps it away from a model that streams too late', async () => {
    app = await routedApp({ tasks: { simple: { firstTokenMs: 30 } } });
    app.sim.script(({ url }) => (url.includes('cheap') ? { firstByteDelayMs: 40 } : {}));
    for (let request = 0; request < 20; request += 1) {
      const answer = await app.ask(simple, { stream: true });
      expect(routeOf(answer)).toMatch(/^google\/cheap;/);
      await answer.text();
    }
    await app.ended(20);
    expect(routeOf(await app.ask(simple, { stream: true }))).toMatch(/^anthropic\/middle;/);
  });

  it('and what it was told of prices and status goes into decisions that their log gives again', async () => {
    app = await routedApp({
      source: () => ({
        prices: { 'openai/best': { inputUsdPerMillion: 0.1, outputUsdPerMillion: 0.1 } },
        status: { google: 'down' },
      }),
    });
    const logged: { inputs: RouteInputs; decision: unknown }[] = [];
    const unsubscribe = subscribe(
      'tollgate:route',
      (facts) => void logged.push(JSON.parse(JSON.stringify(facts))),
    );
    await app.router.refresh();
    expect(routeOf(await app.ask(simple))).toMatch(/^openai\/best;/);
    unsubscribe();
    expect(logged).toMatchObject([
      { decision: { ranked: ['openai/best', 'anthropic/middle', 'google/cheap'] } },
    ]);
    expect(JSON.stringify(logged)).not.toContain('Norway');
    for (const { inputs, decision } of logged) expect(decideRoute(inputs)).toEqual(decision);
  });

  it.each(['caller', 'conversation'] as const)(
    'sticks to a %s, in every process the same',
    async (sticky) => {
      const caller = { id: 'k', tenant: 'acme', plan: 'free', scopes: [], labels: {} };
      const tasks = { simple: { weights: { best: 1, middle: 1, cheap: 1 } } };
      const before = { before: (req: Request, res: Response) => actAs(req, res, { ...caller }) };
      const models = async (ids: readonly string[]) => {
        const chosen: (string | undefined)[] = [];
        for (const id of ids) {
          caller.id = id;
          chosen.push(routeOf(await app.ask(simple))?.split(';')[0]);
        }
        return chosen;
      };
      const ids = Array.from({ length: 12 }, (_, at) => `k${at % 6}`);
      app = await routedApp({ sticky, tasks }, before);
      const here = await models(ids);
      expect(here.slice(0, 6)).toEqual(here.slice(6));
      expect(new Set(here).size).toBeGreaterThan(1);
      await app.close();
      app = await routedApp({ sticky, tasks }, before);
      expect(await models(ids)).toEqual(here);
    },
  );
});
