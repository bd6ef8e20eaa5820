import { afterEach, describe, expect, it } from '@jest/globals';
import { subscribe } from '@tollgate/core';
import { resilience } from '../src/index.js';
import { chat, type Journey, journey } from './journey.js';

let app: Journey | undefined;
afterEach(() => app?.close());

const clock = { nowMs: 0 };
const start = (fallbacks = {}) =>
  journey({
    resilience: resilience({
      retries: false,
      fallbacks,
      breaker: { minimumCalls: 5, openMs: 5_000 },
      nowMs: () => clock.nowMs,
    }),
  });
const ask = async (to: Journey, model = 'gpt-5'): Promise<number> =>
  (await to.post('/v1/chat/completions', { ...chat, model })).status;

async function askTimes(to: Journey, times: number, model?: string): Promise<number[]> {
  const statuses: number[] = [];
  for (let time = 0; time < times; time += 1) statuses.push(await ask(to, model));
  return statuses;
}

describe('a model that keeps failing', () => {
  it('is left alone, tried once after a while, and taken back when it answers', async () => {
    app = await start();
    const states: unknown[] = [];
    const unsubscribe = subscribe(
      'tollgate:upstream',
      ({ breaker }) => void (breaker && states.push(breaker)),
    );
    app.sim.script({ status: 500 });
    expect(await askTimes(app, 7)).toEqual([502, 502, 502, 502, 502, 503, 503]);
    expect(app.sim.requests).toHaveLength(5);
    const refused = await app.post('/v1/chat/completions', { ...chat, model: 'gpt-5' });
    expect(refused.headers.get('retry-after')).toBe('5');
    clock.nowMs += 5_000;
    expect(await askTimes(app, 2)).toEqual([502, 503]);
    clock.nowMs += 5_000;
    app.sim.script({});
    expect(await askTimes(app, 3)).toEqual([200, 200, 200]);
    expect(states).toEqual(['open', 'open', 'closed']);
    unsubscribe();
  });

  it('takes no other model of its provider with it, and its fallback takes its place at once', async () => {
    app = await start({ 'gpt-5': ['gpt-5-mini'] });
    app.sim.script(({ body }) => (Object(body).model === 'gpt-5' ? { status: 500 } : {}));
    expect(await askTimes(app, 8)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(app.sim.requests.filter(({ model }) => model === 'gpt-5')).toHaveLength(5);
    const answer = await app.post('/v1/chat/completions', { ...chat, model: 'gpt-5' });
    expect(answer.headers.get('x-tollgate-route')).toBe('openai/gpt-5;open, openai/gpt-5-mini');
  });

  it('is not one whose clients ask for what is not there, or whose limit is reached', async () => {
    app = await start();
    app.sim.script({ status: 400 });
    await askTimes(app, 10);
    app.sim.script({ status: 429 });
    await askTimes(app, 10);
    app.sim.script({});
    expect(await ask(app)).toBe(200);
  });
});
