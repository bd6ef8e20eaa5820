/** Calls a provider for a while, as a process of its own, for tests: its settings are its argument. Says what came of it, and ends. */
import { setTimeout as delay } from 'node:timers/promises';
import { detachedContext, runInContext } from '@tollgate/core/internal';
import { redisProviders } from '@tollgate/redis';
import { resilience, resilient } from '@tollgate/upstream';
import { createClient } from 'redis';
import type { PacedOutcome, PacedSettings } from './paced-settings.js';

const { redisUrl, paced, baseUrl, workers, quiet, forMs }: PacedSettings = JSON.parse(process.argv[2] ?? '');
const client = redisUrl === undefined ? undefined : await createClient({ url: redisUrl }).connect();
const shared = client && redisProviders({ client, deadlineMs: 5_000 });
const send = resilient(
  fetch,
  resilience({
    retries: false,
    ...(paced && { pacing: { maxWaitMs: 60_000 } }),
    ...(shared && { shared }),
  }),
);
const body = JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'Hello' }] });
const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-test' };
const busyMs: number[] = [];
const quietMs: number[] = [];
let answered = 0;
let refused = 0;

async function call(tenant: string, took: number[]): Promise<void> {
  const caller = { id: tenant, tenant, plan: 'pro', scopes: [], labels: {} };
  const startedMs = performance.now();
  const { context } = detachedContext(caller);
  const { status } = await runInContext(context, async () => {
    const answer = await send(`${baseUrl}/chat/completions`, { method: 'POST', headers, body });
    await answer.arrayBuffer();
    return answer;
  });
  took.push(performance.now() - startedMs);
  if (status === 200) answered += 1;
  if (status !== 429) return;
  refused += 1;
  // It is asked for again, soon.
  await delay(25);
}

process.send?.('ready');
await new Promise((resolve) => process.once('message', resolve));
const endsMs = performance.now() + forMs;
const work = async (tenant: string, took: number[], pauseMs: number): Promise<void> => {
  while (performance.now() < endsMs) {
    await call(tenant, took);
    if (pauseMs > 0) await delay(pauseMs);
  }
};
await Promise.all([
  ...Array.from({ length: workers }, () => work('busy', busyMs, 0)),
  ...(quiet ? [work('quiet', quietMs, 300)] : []),
]);
const rising = (values: number[]): number[] => values.sort((one, other) => one - other);
const outcome: PacedOutcome = { answered, refused, quietMs: rising(quietMs), busyMs: rising(busyMs) };
process.send?.(outcome);
client?.destroy();
process.disconnect();
