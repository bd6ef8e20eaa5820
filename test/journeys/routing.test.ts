import { afterEach, describe, expect, it } from '@jest/globals';
import { openai, priceCatalogue, pricing, router } from 'tollgate';
import { type RunningApp, startApp } from './running-app.js';

let app: RunningApp | undefined;
afterEach(() => app?.close());

/** An app whose router may choose between `gpt-5-mini` and the dearer `gpt-5`, which code needs. */
async function start(plan: object): Promise<RunningApp> {
  let handler: ReturnType<RunningApp['tg']['proxy']> | undefined;
  app = await startApp({
    plan,
    options: { meter: { dispatch: (outgoing, context) => handler?.dispatch(outgoing, context) ?? outgoing } },
    routes: (express, tg, { openAiUrl }) => {
      const provider = openai({ apiKey: 'a', baseUrl: openAiUrl });
      const route = router({
        models: [
          { provider, model: 'gpt-5', quality: 0.95 },
          { provider, model: 'gpt-5-mini', quality: 0.7 },
        ],
        tasks: { simple: {}, code: { quality: 0.9 } },
        prices: pricing(priceCatalogue()),
      });
      handler = tg.proxy({ route });
      express.post('/v1/chat/completions', handler);
    },
  });
  return app;
}

const ask = ({ openai: client }: RunningApp, content: string) =>
  client.chat.completions.create({ model: 'auto', messages: [{ role: 'user', content }] }).withResponse();
const simple = 'What is the capital of Norway?';
const code = 'Write unit tests for this TypeScript function';

describe('a request whose model the app chooses', () => {
  it('is reserved and charged at the price of the model that answers, and its row says what was asked', async () => {
    const running = await start({ spend: '$1/day' });
    await ask(running, simple);
    await ask(running, code);
    await running.settled();
    expect(running.events).toMatchObject([
      { requestedModel: 'auto', model: 'gpt-5-mini', labels: { task: 'simple' } },
      { requestedModel: 'auto', model: 'gpt-5', labels: { task: 'code' } },
    ]);
    const [cheap = 0, dear = 0] = running.events.map(({ costNanoUsd }) => Number(costNanoUsd));
    expect(cheap).toBeGreaterThan(0);
    expect(dear).toBeGreaterThan(cheap);
    expect(await running.money()).toEqual({ used: cheap + dear, held: 0 });
  });

  it('never takes a model that the plan leaves out: it is refused before anything is sent, and costs nothing', async () => {
    const running = await start({ spend: '$1/day', models: ['gpt-5-mini'] });
    await expect(ask(running, code)).rejects.toMatchObject({ status: 403, code: 'model_not_allowed' });
    expect(running.provider.requests).toHaveLength(0);
    expect(await running.money()).toEqual({ used: 0, held: 0 });
    const { data } = await ask(running, simple);
    expect(data.model).toBe('gpt-5-mini');
  });

  it('goes down the plan’s ladder after it was routed, and both are said', async () => {
    const running = await start({
      spend: '$1/day',
      degrade: [{ at: 0.000_001, warn: true, model: { 'gpt-5': 'gpt-5-mini' } }],
    });
    await ask(running, simple);
    await running.settled();
    const { data, response } = await ask(running, code);
    expect(data.model).toBe('gpt-5-mini');
    expect(response.headers.get('x-tollgate-degraded')).toBe('budget');
    expect(response.headers.get('x-tollgate-warning')).toBe('budget;used=0.000001');
    expect(response.headers.get('x-tollgate-model')).toBe('gpt-5-mini');
  });
});
