import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { contextOf, subscribe } from '@tollgate/core';
import { openai, type RouteFacts, type RouterOptions, router } from '../../src/index.js';
import { LearnedQuality } from '../../src/route/learned-quality.js';
import { prices, type RoutedApp, routedApp } from './routed-app.js';

let app: RoutedApp;

const onPlan = (options: Partial<RouterOptions>) =>
  routedApp(options, {
    before: (req, res) => {
      const plan = req.get('x-plan') ?? 'free';
      contextOf(req, res).caller = { id: plan, keyId: plan, tenant: 'acme', plan, scopes: [], labels: {} };
    },
  });
const modelFor = async (plan: string, content = 'What is the capital of Norway?'): Promise<string> => {
  const answer = await app.ask(content, {}, { 'x-plan': plan });
  return answer.status === 200 ? ((await answer.json()) as { model: string }).model : String(answer.status);
};

describe('a router by caller', () => {
  afterEach(() => app.close());

  it('gives each plan its own targets: a higher floor, a cheaper model', async () => {
    app = await onPlan({
      serviceLevel: (caller, task) => {
        if (caller?.plan === 'gold') return { quality: 0.9 };
        return caller?.plan === 'saver' && task === 'simple' ? { quality: 0 } : undefined;
      },
      tasks: { simple: { quality: 0.7 }, code: { quality: 0.7 } },
    });
    expect([await modelFor('gold'), await modelFor('free'), await modelFor('saver')]).toEqual([
      'best',
      'middle',
      'cheap',
    ]);
  });

  it('lets the classifier see the caller', async () => {
    app = await onPlan({
      classify: ({ characters }, caller) => (caller?.plan === 'gold' && characters > 0 ? 'code' : 'simple'),
    });
    expect([await modelFor('gold'), await modelFor('free')]).toEqual(['middle', 'cheap']);
  });

  it.each([[{ quality: 2 }], [{ maxCost: 'much' }], [{ firstTokenMs: 0 }], [{ speed: 1 }], ['gold']])(
    'fails a request whose service level is %j, and nothing is called',
    async (level) => {
      app = await onPlan({ serviceLevel: () => level as object });
      expect(await modelFor('free')).toBe('500');
      expect(app.sim.requests).toHaveLength(0);
    },
  );
});

describe('quality learned from outcomes', () => {
  afterEach(() => app.close());

  it('lets a model fall below a floor that it does not keep, and not for other tasks', async () => {
    const ids: string[] = [];
    const stop = subscribe('tollgate:route', ({ requestId }) => {
      if (requestId !== undefined) ids.push(requestId);
    });
    app = await onPlan({ qualityPrior: 5, tasks: { simple: { quality: 0.45 }, code: { quality: 0.7 } } });
    expect(await modelFor('free')).toBe('cheap');
    expect(app.router.recordOutcome(ids.at(-1) ?? '', 0)).toBe(true);
    expect(app.router.recordOutcome(ids.at(-1) ?? '', 0)).toBe(false);
    expect(await modelFor('free')).toBe('middle');
    expect(await modelFor('free', 'Refactor this function in TypeScript: ```const a = 1```')).toBe('middle');
    stop();
    expect(app.router.recordOutcome('never-routed', 1)).toBe(false);
    for (const score of [-1, 2, Number.NaN, '1']) {
      expect(() => app.router.recordOutcome('a', score as number)).toThrow(
        '"score" must be a number from 0 to 1',
      );
    }
  });
});

describe('LearnedQuality', () => {
  const weekMs = 7 * 24 * 3_600_000;
  const served = { task: 'code', target: 'a/b' };

  it('moves from the declared figure with the outcomes, and back when there are none', () => {
    const learned = new LearnedQuality(10);
    expect(learned.of(served, 0.8, 0)).toBe(0.8);
    for (let index = 0; index < 10; index += 1) {
      learned.served(`r${index}`, served);
      learned.add(`r${index}`, 0, 0);
    }
    expect(learned.of(served, 0.8, 0)).toBeCloseTo(0.4);
    expect(learned.of(served, 0.8, weekMs)).toBeCloseTo((0.8 * 10) / 15);
    expect(learned.of(served, 0.8, 52 * weekMs)).toBeCloseTo(0.8);
    expect(learned.of({ ...served, task: 'simple' }, 0.8, 0)).toBe(0.8);
  });

  it('counts for the model that answered, and remembers a bounded number of requests', () => {
    const learned = new LearnedQuality(1);
    learned.served('r', served);
    learned.served('r', { task: 'code', target: 'c/d' });
    learned.add('r', 1, 0);
    expect([learned.of(served, 0.5, 0), learned.of({ task: 'code', target: 'c/d' }, 0.5, 0)]).toEqual([
      0.5, 0.75,
    ]);
    for (let index = 0; index < 10_001; index += 1) learned.served(`q${index}`, served);
    expect([learned.add('q0', 1, 0), learned.add('q1', 1, 0)]).toEqual([false, true]);
  });
});

describe('a source of prices and status', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is read on a timer without any request, until the router ends', async () => {
    jest.useFakeTimers();
    let read = 0;
    const source = (): RouteFacts => {
      read += 1;
      return { status: { openai: 'down' } };
    };
    const route = router({
      models: [{ provider: openai({ apiKey: 'sk-none' }), model: 'best', quality: 1 }],
      ...{ tasks: { any: {} }, prices, source, sourceEveryMs: 1_000 },
    });
    expect(read).toBe(1);
    await jest.advanceTimersByTimeAsync(3_000);
    expect(read).toBe(4);
    route.end();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(read).toBe(4);
  });
});
