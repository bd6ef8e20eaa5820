import { afterEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { dollarsPerDay, type RunningApp, startApp } from './running-app.js';

const ask = {
  model: 'gpt-5-mini',
  max_completion_tokens: 100,
  messages: [{ role: 'user' as const, content: 'Tell me of the sea.' }],
};

let app: RunningApp | undefined;
afterEach(() => app?.close());

/** What one request of `ask` holds, read off the counters while the provider keeps it waiting. */
async function worstCase(stream: boolean): Promise<number> {
  const probe = await startApp();
  probe.provider.hold();
  const answer = probe.openai.chat.completions.create({ ...ask, stream });
  await probe.provider.waitFor(1);
  const { held } = await probe.money();
  probe.provider.release();
  const got = await answer;
  if (stream && 'controller' in got) for await (const _ of got);
  await probe.close();
  return held;
}

describe('a hard cap is a hard cap', () => {
  it('lets exactly 3 of 200 parallel requests through where the budget covers 3, half of them streams', async () => {
    const each = Math.max(await worstCase(false), await worstCase(true));
    app = await startApp({ plan: { spend: dollarsPerDay(3 * each) } });
    const running = app;
    running.provider.hold();
    const refusals: unknown[] = [];
    const answered: string[] = [];
    const all = Array.from({ length: 200 }, async (_, index) => {
      try {
        if (index % 2 === 0) {
          const answer = await running.openai.chat.completions.create(ask);
          answered.push(answer.choices[0]?.message.content ?? '');
        } else {
          let text = '';
          for await (const chunk of await running.openai.chat.completions.create({ ...ask, stream: true })) {
            text += chunk.choices[0]?.delta.content ?? '';
          }
          answered.push(text);
        }
      } catch (error) {
        refusals.push(error);
      }
      if (refusals.length === 197) running.provider.release();
    });
    await Promise.all(all);
    await running.settled();

    expect(running.provider.requests).toHaveLength(3);
    expect(answered).toHaveLength(3);
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(OpenAI.APIError);
      expect(refusal).toMatchObject({ status: 402, code: 'budget_exceeded', type: 'insufficient_quota' });
    }
    expect((refusals[0] as { headers: Headers }).headers.get('x-should-retry')).toBe('false');
    expect(running.sent()).toBe(200);

    // gpt-5-mini: 0.25 $ per million input tokens, 2 $ per million output tokens, published price.
    const { inputTokens, outputTokens } = running.provider.accounts().billed;
    const { used, held } = await running.money();
    expect(held).toBe(0);
    expect(used).toBe(inputTokens * 250 + outputTokens * 2_000);
    expect(running.events).toHaveLength(3);
    expect(running.events.reduce((sum, event) => sum + Number(event.costNanoUsd), 0)).toBe(used);
  });

  it('stops an agent loop within one request exactly where the money is gone', async () => {
    const calls: number[] = [];
    app = await startApp({
      plan: { spend: '$0.001/day' },
      routes: (express, tg, provider) => {
        const client = new OpenAI({ apiKey: 'x', baseURL: provider.openAiUrl, fetch: tg.fetch });
        express.post('/agent', async (_req, res, next) => {
          try {
            for (let call = 1; call <= 100; call += 1) {
              await client.chat.completions.create(ask);
              calls.push(call);
            }
            res.json({});
          } catch (error) {
            next(error);
          }
        });
      },
    });
    const answer = await fetch(`${app.url}/agent`, {
      method: 'POST',
      headers: { authorization: `Bearer ${app.key}`, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer.status).toBe(402);
    expect(await answer.json()).toMatchObject({ error: { code: 'budget_exceeded' } });
    await app.settled();
    const { used, held } = await app.money();
    expect(calls.length).toBeGreaterThan(5);
    expect(app.provider.requests).toHaveLength(calls.length);
    expect(held).toBe(0);
    expect(used).toBeLessThanOrEqual(1_000_000);
    expect(app.events).toHaveLength(calls.length);
    expect(new Set(app.events.map(({ requestId }) => requestId)).size).toBe(1);
  });
});
