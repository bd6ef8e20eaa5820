import { afterAll, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { detachedContext } from '@tollgate/core/internal';
import { anthropic, decideRoute, gemini, openai, type RouteInputs, router } from '../../src/index.js';
import {
  costOf,
  quantile,
  type TrueModel,
  type TrueRequest,
  trueModels,
  trueTasks,
  workload,
} from './simulated-world.js';

const seed = 20_261_121;
const count = 1_000;
const apiKey = 'sk-none';
const providers = {
  openai: openai({ apiKey }),
  anthropic: anthropic({ apiKey }),
  google: gemini({ apiKey }),
};
afterAll(() => Promise.all(Object.values(providers).map((one) => one.close())));

function seeded(): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Something that goes wrong on the way: OpenAI's `best` is down for a while, later `cheap` takes ten times as long to begin. */
const isDown = (model: string, at: number): boolean => model === 'best' && at >= 300 && at < 350;
const slowness = (model: string, at: number): number => (model === 'cheap' && at >= 600 && at < 700 ? 10 : 1);

const firstTokenOf = (model: TrueModel, { luck }: TrueRequest, at: number): number =>
  model.firstTokenMs * luck * slowness(model.model, at);

interface Outcome {
  usd: number;
  readonly latenciesMs: number[];
  belowFloor: number;
  unanswered: number;
}

/** Makes every request of the workload as a strategy says, and counts what came of it. */
function run(choose: (request: TrueRequest, at: number) => TrueModel): Outcome {
  const outcome: Outcome = { usd: 0, latenciesMs: [], belowFloor: 0, unanswered: 0 };
  workload(count, seeded()).forEach((request, at) => {
    const model = choose(request, at);
    if (isDown(model.model, at)) {
      outcome.unanswered += 1;
      return;
    }
    outcome.usd += costOf(model, request) / 1e9;
    outcome.latenciesMs.push(
      firstTokenOf(model, request, at) + (request.outputTokens / model.tokensPerSecond) * 1_000,
    );
    if ((model.quality[request.task] ?? 0) < trueTasks[request.task].quality) outcome.belowFloor += 1;
  });
  return outcome;
}

/** The router, told what an app would tell it, and learning from each answer. */
function runRouter(): Outcome & { log: { inputs: RouteInputs; decision: unknown }[] } {
  const { context } = detachedContext({ id: 'k', tenant: 'acme', plan: 'pro', scopes: [], labels: {} });
  let nowMs = 0;
  let index = 0;
  const random = seeded();
  const made = router({
    models: trueModels.map(({ provider, model, quality }) => ({
      provider: providers[provider],
      model,
      quality,
    })),
    tasks: {
      simple: { quality: 0.8, firstTokenMs: 1_500 },
      extraction: { quality: 0.8, firstTokenMs: 1_500 },
      code: { quality: 0.85 },
      reasoning: { quality: 0.9 },
    },
    prices: (usage, { model }) => {
      const found = trueModels.find((one) => one.model === model);
      return found && { costNanoUsd: costOf(found, usage) };
    },
    classify: false,
    random,
    now: () => nowMs,
  });
  const log: { inputs: RouteInputs; decision: unknown }[] = [];
  const unsubscribe = subscribe(
    'tollgate:route',
    (facts) => void log.push(JSON.parse(JSON.stringify(facts))),
  );
  const outcome = run((request, at) => {
    index = at;
    nowMs += 250;
    const { ranked } = made.decide({
      context,
      headers: {},
      ofRoute: request.task,
      body: { messages: [{ role: 'user', content: 'x'.repeat(request.inputTokens * 4) }] },
      takes: () => true,
      isOpen: (_, model) => isDown(model, index),
    });
    const chosen = trueModels.find(({ model }) => model === ranked[0]?.model) as TrueModel;
    if (!isDown(chosen.model, at)) {
      const { provider, model, tokensPerSecond } = chosen;
      const { task, outputTokens } = request;
      const firstTokenMs = firstTokenOf(chosen, request, at);
      made.answered({ provider, model, task, firstTokenMs, tokensPerSecond, outputTokens });
    }
    return chosen;
  });
  unsubscribe();
  return { ...outcome, log };
}

const named = (name: string): TrueModel => trueModels.find(({ model }) => model === name) as TrueModel;
const figuresOf = ({ usd, latenciesMs, belowFloor, unanswered }: Outcome) => ({
  usd: Number(usd.toFixed(3)),
  p50Ms: Math.round(quantile(latenciesMs, 0.5)),
  p95Ms: Math.round(quantile(latenciesMs, 0.95)),
  belowFloor,
  unanswered,
});

describe('1 000 mixed requests, with an outage and a slowdown on the way', () => {
  const routed = runRouter();
  const best = run(() => named('best'));
  const cheapest = run(() => named('cheap'));

  it('cost far less and come sooner than always from the best model, and are never below the quality floor', () => {
    if (process.env.FIGURES)
      console.log({ routed: figuresOf(routed), best: figuresOf(best), cheapest: figuresOf(cheapest) });
    expect(routed.belowFloor).toBe(0);
    expect(cheapest.belowFloor).toBeGreaterThan(count * 0.3);
    expect(best.belowFloor).toBe(0);
    expect(routed.usd).toBeLessThan(best.usd * 0.7);
    expect(quantile(routed.latenciesMs, 0.5)).toBeLessThan(quantile(best.latenciesMs, 0.5) / 2);
  });

  it('go nowhere that is down while another is good enough', () => {
    expect(best.unanswered).toBe(50);
    // Only `best` is good enough at reasoning.
    const reasoning = workload(count, seeded())
      .slice(300, 350)
      .filter(({ task }) => task === 'reasoning');
    expect(routed.unanswered).toBe(reasoning.length);
  });

  it('leave a model that has become slow within the next thirty requests that it would have had', () => {
    const slowed = routed.log
      .slice(600, 700)
      .filter(({ inputs }) => ['simple', 'extraction'].includes(inputs.task));
    const toCheap = slowed.filter(({ decision }) => JSON.stringify(decision).includes('["google/cheap'));
    expect(slowed.length).toBeGreaterThan(50);
    expect(toCheap.length).toBeLessThan(30);
  });

  it('are decided again from their log, each the same', () => {
    expect(routed.log).toHaveLength(count);
    for (const { inputs, decision } of routed.log) expect(decideRoute(inputs)).toEqual(decision);
    expect(runRouter().log).toEqual(routed.log.map((line) => ({ ...line, requestId: expect.any(String) })));
  });
});
