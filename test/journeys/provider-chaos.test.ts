import { afterEach, describe, expect, it } from '@jest/globals';
import { type Script, type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { openai, resilience, subscribe } from 'tollgate';
import { chargedFor, type RunningApp, startApp } from './running-app.js';

/** The model of each provider; all three serve all of them. */
const models = ['gpt-5', 'gpt-5-mini', 'gpt-4o'] as const;
const faults: Readonly<Record<string, Script>> = {
  'a storm of 429': { status: 429, retryAfterMs: 20 },
  '500s': { status: 500 },
  hangs: { hang: 'before-headers' },
  'slow drips': { slowDripMs: 10, chunkBytes: 400 },
  'resets in the middle': { reset: { afterChunks: 8 } },
};
const timeouts = { firstByteMs: 150, idleMs: 300 };

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(steady: boolean): Promise<{ app: RunningApp; sims: SimulatedProvider[] }> {
  const sims = await Promise.all(models.map(() => simulateProvider()));
  const all = sims.map((sim, index) =>
    openai({ apiKey: 'a', baseUrl: sim.openAiUrl, models: [models[index] as string] }),
  );
  const others = (index: number) => all.filter((_, at) => at !== index).map((provider) => ({ provider }));
  const shared = resilience({
    retries: { baseMs: 5, maxMs: 50, ratio: 0.5, whenUncertain: 'go-on' },
    breaker: { windowMs: 2_000, minimumCalls: 5, openMs: 150 },
    fallbacks: Object.fromEntries(models.map((model, index) => [model, others(index)])),
  });
  const app = await startApp({
    // Attempts whose end is unknown take all that was held for them.
    plan: { spend: '$1000/day' },
    routes: (express, tg) => {
      const options = { providers: all, timeouts, ...(steady && { resilience: shared }) };
      express.post('/v1/chat/completions', tg.proxy(options));
    },
  });
  closing.push(app.close, ...sims.map((sim) => sim.close));
  return { app, sims };
}

/** One request; whether its whole answer came, and how long that took. */
async function visit(app: RunningApp, model: string, stream: boolean): Promise<{ ok: boolean; ms: number }> {
  const startedMs = performance.now();
  const messages = [{ role: 'user', content: 'Tell me of the sea.' }];
  const headers = { authorization: `Bearer ${app.key}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ model, messages, stream });
  const ok = await fetch(`${app.url}/v1/chat/completions`, { method: 'POST', headers, body })
    .then(async (answer) => answer.ok && isWhole(await answer.text(), stream))
    .catch(() => false);
  return { ok, ms: performance.now() - startedMs };
}

const isWhole = (text: string, stream: boolean): boolean =>
  stream ? text.includes('[DONE]') : text.endsWith('}');

/** Each provider fails in turn, in each way, while all three are asked. */
async function storm(app: RunningApp, sims: readonly SimulatedProvider[], perModel: number) {
  const visits: { ok: boolean; ms: number }[] = [];
  for (const fault of Object.values(faults)) {
    for (const failing of sims) {
      failing.script(fault);
      for (let round = 0; round < perModel; round += 1) {
        const group = models.flatMap((model) => [visit(app, model, false), visit(app, model, true)]);
        visits.push(...(await Promise.all(group)));
      }
      failing.script({});
    }
  }
  await app.settled();
  const times = visits.map(({ ms }) => ms).sort((one, other) => one - other);
  const costUsd = app.events.reduce((sum, { costNanoUsd }) => sum + Number(costNanoUsd), 0) / 1e9;
  return {
    asked: visits.length,
    rate: visits.filter(({ ok }) => ok).length / visits.length,
    p50: times[Math.floor(times.length / 2)] ?? 0,
    p95: times[Math.floor(times.length * 0.95)] ?? 0,
    costUsd,
  };
}

/** How often is asked in a storm depends on the machine, so it is asked on until the breaker has changed; the test's time bounds it. */
async function askUntil(app: RunningApp, states: readonly unknown[], state: 'open' | 'closed') {
  while (!states.includes(state)) await Promise.all(models.map((model) => visit(app, model, false)));
}

function expectEveryAttemptBilledOnce(app: RunningApp, sims: readonly SimulatedProvider[]): void {
  expect(new Set(app.events.map(({ eventId }) => eventId)).size).toBe(app.events.length);
  // A request that a time-out overtook on its way has a row as well, though no provider has seen it.
  const received = sims.reduce((sum, sim) => sum + sim.requests.length, 0);
  expect(app.events.length).toBeGreaterThanOrEqual(received);
}

/** An answer of which something was seen, and that broke off, is the last attempt of its call. */
function expectNoneAfterVisibleOutput(app: RunningApp): void {
  const lastOf = new Map<string, number>();
  for (const { callId, attempt } of app.events) {
    lastOf.set(callId, Math.max(lastOf.get(callId) ?? 0, attempt));
  }
  const seen = app.events.filter(
    ({ stream, outcome, outputTokens }) => stream && outcome === 'error' && outputTokens > 0,
  );
  for (const { callId, attempt } of seen) expect(lastOf.get(callId)).toBe(attempt);
}

describe('three providers that fail in turn', () => {
  it('fail few callers, and every attempt is billed once', async () => {
    const states: unknown[] = [];
    const unsubscribe = subscribe(
      'tollgate:upstream',
      ({ breaker }) => void (breaker && states.push(breaker)),
    );
    const perModel = process.env.TOLLGATE_LONG ? 12 : 3;
    const bare = await start(false);
    const without = await storm(bare.app, bare.sims, perModel);
    expect(states).toEqual([]);
    const { app, sims } = await start(true);
    const steady = await storm(app, sims, perModel);
    sims[0]?.script({ status: 500 });
    await askUntil(app, states, 'open');
    sims[0]?.script({});
    await askUntil(app, states, 'closed');
    await app.settled();
    unsubscribe();
    if (process.env.TOLLGATE_LONG) console.log({ without, steady });

    expect(without.rate).toBeLessThan(0.8);
    expect(steady.rate).toBeGreaterThan(0.9);
    expectEveryAttemptBilledOnce(app, sims);
    expectNoneAfterVisibleOutput(app);
    const { used, held } = await app.money();
    expect(held).toBe(0);
    expect(used).toBe(app.events.reduce((sum, event) => sum + chargedFor(event), 0));
  }, 180_000);
});
