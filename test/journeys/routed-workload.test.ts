import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import type { ReceivedRequest } from '@tollgate/simulator';
import { decideRoute, type RouteInputs } from '@tollgate/upstream';
import {
  anthropic,
  gemini,
  metrics,
  openai,
  priceCatalogue,
  pricing,
  resilience,
  router,
  type UsageEvent,
} from 'tollgate';
import { type RunningApp, startApp } from './running-app.js';

const long = process.env.TOLLGATE_LONG === '1';
const count = long ? 1_000 : 200;
const attempt = 8;
const seed = 20_261_122;

/** What the models are really like: how good, by task, and how long they take. */
const models = {
  'gpt-5': { quality: { simple: 0.98, code: 0.93, reasoning: 0.94 }, delayMs: 160 },
  'claude-haiku-4-5': { quality: { simple: 0.95, code: 0.88, reasoning: 0.8 }, delayMs: 60 },
  'gemini-2.5-flash-lite': { quality: { simple: 0.86, code: 0.55, reasoning: 0.5 }, delayMs: 20 },
} as const;
type Model = keyof typeof models;
type Task = 'simple' | 'code' | 'reasoning';
const floors: Readonly<Record<Task, number>> = { simple: 0.8, code: 0.85, reasoning: 0.9 };
const isBelowFloor = (model: string, task: Task): boolean =>
  models[model as Model].quality[task] < floors[task];

let app: RunningApp | undefined;
const folder = mkdtempSync(join(tmpdir(), 'routed-'));
afterEach(() => app?.close());

function seeded(): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** As many requests of all tasks, mixed, of different lengths; the same every time. */
function workload(): { task: Task; content: string }[] {
  const random = seeded();
  return Array.from({ length: count }, () => {
    const draw = random();
    const task = draw < 0.6 ? 'simple' : draw < 0.85 ? 'code' : 'reasoning';
    return { task, content: `${task} `.repeat(5 + Math.floor(random() * 200)) };
  });
}

const modelIn = ({ body, url }: ReceivedRequest): Model => {
  const named = /models\/([^:]+):/.exec(url)?.[1] ?? JSON.parse(JSON.stringify(body)).model;
  return named;
};

interface Outcome {
  readonly events: readonly UsageEvent[];
  readonly usd: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly belowFloor: number;
  readonly failed: number;
}

/** A line of the log. */
interface Logged {
  readonly requestId: string;
  readonly inputs: RouteInputs;
  readonly decision: { readonly ranked: readonly string[] };
}

/** Runs the workload through a whole app; `ask` is the model that clients ask for. */
async function run(ask: string): Promise<Outcome> {
  let handler: ReturnType<RunningApp['tg']['proxy']> | undefined;
  let received = 0;
  app = await startApp({
    plan: { spend: '$100/day' },
    options: { meter: { dispatch: (outgoing, context) => handler?.dispatch(outgoing, context) ?? outgoing } },
    provider: {
      keepRequests: 1,
      // In the middle, the cheapest is down for a tenth of the time.
      script: (request) => {
        received += 1;
        const model = modelIn(request);
        const isDown = model === 'gemini-2.5-flash-lite' && received > count * 0.4 && received < count * 0.5;
        return isDown ? { status: 503 } : { firstByteDelayMs: models[model].delayMs, tokens: 60 };
      },
    },
    routes: (express, tg, { url, openAiUrl }) => {
      const at = {
        'gpt-5': openai({ apiKey: 'o', baseUrl: openAiUrl, models: ['gpt-5'] }),
        'claude-haiku-4-5': anthropic({ apiKey: 'a', baseUrl: url, models: ['claude-*'] }),
        'gemini-2.5-flash-lite': gemini({ apiKey: 'g', baseUrl: url, models: ['gemini-*'] }),
      };
      const names = Object.keys(models) as Model[];
      const route = router({
        models: names.map((model) => ({ provider: at[model], model, quality: models[model].quality })),
        tasks: {
          simple: { quality: floors.simple },
          code: { quality: floors.code },
          reasoning: { quality: floors.reasoning },
        },
        prices: pricing(priceCatalogue()),
        // The app's own classifier: what the prompt begins with.
        classify: ({ opening }) => opening.split(' ', 1)[0],
        random: seeded(),
      });
      const shared = resilience({ retries: { baseMs: 1, perTarget: 1 }, breaker: { openMs: 200 } });
      handler = tg.proxy({ route, providers: Object.values(at), translate: true, resilience: shared });
      express.post('/v1/chat/completions', handler);
    },
  });
  const running = app;
  const waiting = workload();
  const latencies: number[] = [];
  let failed = 0;
  let belowFloor = 0;
  const client = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const messages = [{ role: 'user' as const, content: next.content }];
      const startedAt = performance.now();
      const body = { model: ask, messages };
      const options = { maxRetries: 0 };
      const answer = await running.openai.chat.completions.create(body, options).catch(() => undefined);
      if (!answer) failed += 1;
      else {
        latencies.push(performance.now() - startedAt);
        if (isBelowFloor(answer.model, next.task)) belowFloor += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: attempt }, client));
  await running.settled();
  const { events } = running;
  latencies.sort((one, other) => one - other);
  return {
    events,
    usd: events.reduce((sum, { costNanoUsd }) => sum + Number(costNanoUsd), 0) / 1e9,
    p50Ms: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
    p95Ms: latencies[Math.floor(latencies.length * 0.95)] ?? 0,
    belowFloor,
    failed,
  };
}

/** What the models took for all of it, ms. */
const modelMs = ({ events }: Outcome): number =>
  events.reduce(
    (sum, { model, outcome }) => sum + (outcome === 'ok' ? models[model as Model].delayMs : 0),
    0,
  );

const figuresOf = ({ events, usd, p50Ms, p95Ms, belowFloor, failed }: Outcome) => ({
  attempts: events.length,
  usd: Number(usd.toFixed(4)),
  p50Ms: Math.round(p50Ms),
  p95Ms: Math.round(p95Ms),
  belowFloor,
  failed,
});

describe(`${count} mixed requests through a whole app, with the cheapest provider down for a while`, () => {
  it('are routed for far less money and sooner than always from the best model, and never below the quality floor', async () => {
    const log = join(folder, 'routes.jsonl');
    const lines: string[] = [];
    const unsubscribe = subscribe('tollgate:route', (facts) => void lines.push(JSON.stringify(facts)));
    const measured = metrics();
    const routed = await run('auto');
    unsubscribe();
    writeFileSync(log, lines.join('\n'));
    const scraped = await measured.registry.metrics();
    measured.close();
    await app?.close();
    const best = await run('gpt-5');
    await app?.close();
    const cheapest = await run('gemini-2.5-flash-lite');
    if (process.env.FIGURES)
      console.log({ routed: figuresOf(routed), best: figuresOf(best), cheapest: figuresOf(cheapest) });

    expect(routed).toMatchObject({ belowFloor: 0, failed: 0 });
    expect(best).toMatchObject({ belowFloor: 0, failed: 0 });
    expect(routed.usd).toBeLessThan(best.usd * 0.7);
    // By what the models take, not by this machine's clock.
    expect(modelMs(routed)).toBeLessThan(modelMs(best) * 0.6);
    expect(cheapest.belowFloor).toBeGreaterThan(count * 0.3);
    expect(cheapest.failed).toBeGreaterThan(0);

    // What the log says, decided again, is what was decided; and what was decided is what the ledger's rows show.
    const decided = new Map<string, readonly string[]>();
    for (const line of readFileSync(log, 'utf8').split('\n')) {
      const { requestId, inputs, decision }: Logged = JSON.parse(line);
      expect(decideRoute(inputs)).toEqual(decision);
      decided.set(requestId, decision.ranked);
    }
    expect(decided.size).toBe(count);
    for (const { requestId, attempt, provider, model, requestedModel, labels } of routed.events) {
      expect(decided.get(requestId)?.[attempt - 1]).toBe(`${provider}/${model}`);
      expect({ requestedModel, isTask: Object.hasOwn(floors, labels.task ?? '') }).toEqual({
        requestedModel: 'auto',
        isTask: true,
      });
    }
    // As Prometheus sees it.
    const counted = [...scraped.matchAll(/^tollgate_route_decisions_total\{.*\} (\d+)$/gm)];
    expect(counted.reduce((sum, [, value]) => sum + Number(value), 0)).toBe(count);
    expect(scraped).toMatch(
      /route_decisions_total\{task="reasoning",by="classifier",why="cheapest",target="openai\/gpt-5"\}/,
    );
    expect(scraped).toMatch(
      /route_exclusions_total\{target="google\/gemini-2.5-flash-lite",why="below-quality"\}/,
    );
    rmSync(folder, { recursive: true });
  });
});
