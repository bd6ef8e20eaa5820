import { request } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openai } from 'tollgate';
import { seeded } from '../seeded.js';
import { chargedFor, type RunningApp, startApp } from './running-app.js';

const streams = process.env.TOLLGATE_LONG === '1' ? 200 : 80;
/** gpt-4.1-mini shows all that it bills: 0.40 $ and 1.60 $ per million tokens. */
const [inputNanoUsd, outputNanoUsd] = [400, 1_600];

let app: RunningApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

/** Reads a stream; destroys it after so many chunks, of a token each. Resolves when it has ended, however it did. */
function read(to: RunningApp, leavesAfter: number, onChunk: (count: number) => void): Promise<void> {
  const body = JSON.stringify({
    ...{ model: 'gpt-4.1-mini', stream: true, max_completion_tokens: 2_000 },
    messages: [{ role: 'user', content: 'Tell me all of it.' }],
  });
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${to.key}`, 'content-type': 'application/json' };
    const sending = request(`${to.url}/v1/chat/completions`, { method: 'POST', headers }, (res) => {
      let chunks = 0;
      res.setEncoding('utf8');
      res.on('data', (data: string) => {
        chunks += data.split('data: ').length - 1;
        onChunk(chunks);
        if (chunks >= leavesAfter) sending.destroy();
      });
      res.on('close', resolve);
      res.on('error', () => undefined);
    });
    sending.on('error', () => resolve());
    sending.end(body);
  });
}

describe(`${streams} streams of a model that shows all tokens, at a provider that stops at an abort`, () => {
  it('that are cut by their clients and by the end of the app are charged no less than the provider bills and at most half more, and billed as flagged estimates', async () => {
    const random = seeded(3);
    app = await startApp({
      plan: { spend: '$5/day' },
      provider: { script: { tokens: 1_900, chunkDelayMs: 20 } },
      routes: (express, tg, provider) => {
        const to = openai({ apiKey: 'simulated', baseUrl: provider.openAiUrl, abort: 'stops' });
        express.post('/v1/chat/completions', tg.proxy({ provider: to }));
      },
    });
    const running = app;
    // The first such call begins to load the tokenizer.
    await read(running, 50, () => undefined);
    await running.settled();
    const first = running.events.splice(0).reduce((sum, one) => sum + chargedFor(one), 0);
    running.provider.reset();
    // Half of them leave somewhere in the middle. The others stay, and the app ends when each has 450 tokens: nine seconds, beside the two seconds of
    // text after an abort that are charged to each.
    const seen = new Map<number, number>();
    const stay = streams / 2;
    let everyoneHas: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => {
      everyoneHas = resolve;
    });
    const reading = Array.from({ length: streams }, (_, index) => {
      const leavesAfter = index < stay ? Number.POSITIVE_INFINITY : 300 + Math.floor(random() * 200);
      return read(running, leavesAfter, (count) => {
        if (index >= stay || count < 450) return;
        seen.set(index, count);
        if (seen.size === stay) everyoneHas();
      });
    });
    await Promise.all([ready, ...reading.slice(stay)]);
    await running.tg.close({ graceMs: 0 });
    await Promise.all(reading);
    await running.settled();
    const { billed } = running.provider.accounts();
    const bill = billed.inputTokens * inputNanoUsd + billed.outputTokens * outputNanoUsd;
    const { used: total, held } = await running.money();
    const used = total - first;
    expect(held).toBe(0);
    expect(running.events).toHaveLength(streams);
    // None has seen its end: what is billed to tenants are estimates, and flagged.
    expect(running.events.every(({ uncertain, source }) => uncertain && source === 'estimated')).toBe(true);
    const estimated = running.events.reduce((sum, { costNanoUsd }) => sum + Number(costNanoUsd), 0);
    expect(running.events.reduce((sum, one) => sum + chargedFor(one), 0)).toBe(used);
    expect(estimated).toBeLessThanOrEqual(used);
    process.stdout.write(
      `    ${streams} streams cut: charged ÷ billed ${(used / bill).toFixed(2)}, estimates ÷ billed ${(estimated / bill).toFixed(2)}\n`,
    );
    expect(used).toBeGreaterThanOrEqual(bill);
    expect(used).toBeLessThanOrEqual(1.5 * bill);
  }, 120_000);
});
