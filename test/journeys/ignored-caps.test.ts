import { afterEach, describe, expect, it } from '@jest/globals';
import { openAiCompatible } from 'tollgate';
import { type AppSetup, type RunningApp, startApp } from './running-app.js';

const capNanoUsd = 50_000_000;
/** deepseek-chat: 0.28 $ per million input tokens, 0.42 $ per million output tokens, published price. */
const [inputNanoUsd, outputNanoUsd] = [280, 420];
const ask = {
  model: 'deepseek-chat',
  max_completion_tokens: 1,
  messages: [{ role: 'user' as const, content: 'Hi' }],
};

let app: RunningApp | undefined;
afterEach(() => app?.close());

/** An app with five cents a day, in front of a provider that speaks OpenAI's format and is not OpenAI. */
async function start(more: AppSetup): Promise<RunningApp> {
  app = await startApp({
    plan: { spend: '$0.05/day' },
    options: { meter: { provider: 'deepseek' } },
    routes: (express, tg, { openAiUrl }) => {
      const provider = openAiCompatible({ name: 'deepseek', apiKey: 'simulated', baseUrl: openAiUrl });
      express.use('/v1', tg.proxy({ provider }));
    },
    ...more,
  });
  return app;
}

/** Reads a stream to its end: the reasons why it finished, and how many characters it had. */
async function readStream({ openai }: RunningApp): Promise<{ finish: string[]; length: number }> {
  const read = { finish: [] as string[], length: 0 };
  for await (const { choices } of await openai.chat.completions.create({ ...ask, stream: true })) {
    read.length += choices[0]?.delta.content?.length ?? 0;
    if (choices[0]?.finish_reason) read.finish.push(choices[0].finish_reason);
  }
  return read;
}

describe('a client that states its cap where the provider does not look', () => {
  it.each([
    ['whole', false],
    ['streamed', true],
  ])('gets no longer an answer in 100 parallel requests, %s', async (_how, stream) => {
    const running = await start({ provider: { script: { tokens: 8_000 } } });
    await Promise.all(
      Array.from({ length: 100 }, () =>
        stream ? readStream(running) : running.openai.chat.completions.create(ask),
      ),
    );
    await running.settled();
    expect(running.provider.requests).toHaveLength(100);
    for (const { body } of running.provider.requests) {
      expect(body).toMatchObject({ max_tokens: 1, max_completion_tokens: 1 });
    }
    expect(running.provider.accounts().billed.outputTokens).toBe(100);
    expect((await running.money()).used).toBeLessThan(capNanoUsd);
  });
});

describe('a provider that ignores the cap', () => {
  it('has its streams ended as soon as the money is gone', async () => {
    const running = await start({
      provider: { script: { tokens: 2_000, ignoreCap: true, tokensPerSecond: 1_000 } },
    });
    running.provider.hold();
    const reading = Array.from({ length: 100 }, () => readStream(running));
    // The simulated provider plans its 200 000 words first.
    await running.provider.waitFor(100, 45_000);
    running.provider.release();
    const streams = await Promise.all(reading);
    await running.settled();
    const { used, held } = await running.money();
    expect(held).toBe(0);
    expect(streams.map(({ finish }) => finish)).toEqual(streams.map(() => ['length']));
    expect(new Set(running.events.map(({ outcome }) => outcome))).toEqual(new Set(['budget_stopped']));
    // At most 512 bytes of each, arrive between two looks at what it costs.
    expect(used).toBeLessThanOrEqual(capNanoUsd + 100 * 512 * outputNanoUsd);
    const { inputTokens, outputTokens } = running.provider.accounts().billed;
    const billed = inputTokens * inputNanoUsd + outputTokens * outputNanoUsd;
    expect(billed).toBeLessThanOrEqual(capNanoUsd);
    expect(used).toBeGreaterThanOrEqual(billed);
    expect(outputTokens).toBeLessThan(40_000);
  });

  it('is paid what it reports of answers in one piece, and the next request is refused', async () => {
    const running = await start({ provider: { script: { tokens: 150_000, ignoreCap: true } } });
    await running.openai.chat.completions.create(ask);
    await running.settled();
    const { inputTokens, outputTokens } = running.provider.accounts().billed;
    expect(outputTokens).toBe(150_000);
    expect((await running.money()).used).toBe(inputTokens * inputNanoUsd + outputTokens * outputNanoUsd);
    await expect(running.openai.chat.completions.create(ask)).rejects.toMatchObject({ status: 402 });
  });
});
