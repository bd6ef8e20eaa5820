import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type SimulatedProvider, simulateProvider } from '@tollgate/simulator';
import { meteredFetch, runWith } from '../src/index.js';
import { caller } from './metered-app.js';

let provider: SimulatedProvider;
beforeAll(async () => {
  provider = await simulateProvider();
});
afterAll(() => provider.close());

// Node 20 forgets a timeout that stands in an `AbortSignal.any()` alone, as soon as memory is collected.
it('a call ends at the timeout of its caller, which nobody else holds', async () => {
  setFlagsFromString('--expose_gc');
  const collect: () => void = runInNewContext('gc');
  provider.queue({ tokens: 50, hang: { afterChunks: 5 } });
  const collecting = setInterval(collect, 20);
  try {
    const calling = runWith(caller, async () => {
      const answer = await meteredFetch()(`${provider.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'gpt-5-mini',
          stream: true,
          messages: [{ role: 'user', content: 'Hello' }],
        }),
        signal: AbortSignal.timeout(500),
      });
      return answer.text();
    });
    await expect(calling).rejects.toMatchObject({ name: 'TimeoutError' });
  } finally {
    clearInterval(collecting);
  }
}, 10_000);

it('a signal that outlives its calls keeps nothing of them', async () => {
  const { signal } = new AbortController();
  let listening = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listening += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listening -= 1;
    remove(...args);
  };
  await runWith(caller, async () => {
    const answer = await meteredFetch()(`${provider.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Hello' }] }),
      signal,
    });
    expect(listening).toBe(1);
    await answer.text();
  });
  expect(listening).toBe(0);
});
