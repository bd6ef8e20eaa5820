import { createKey, memoryKeys, tollgate, type UsageEvent } from 'tollgate';
import { billOf, model, plansFor, standing, tenant } from './budget.js';
import { startChecker } from './checker.js';
import { type Child, startChild } from './child.js';
import { ownRedis } from './own-redis.js';
import type { Settings } from './settings.js';

/** Figures measured in a run; money in nano-dollars. */
export interface Facts {
  capNanoUsd: number;
  /** The number of readings of the budget during the run, and the highest sum of used and held amounts. */
  looks: number;
  mostNanoUsd: number;
  /** How often each status was answered. */
  answers: Record<string, number>;
  providerRequests: number;
  /** The provider's accounts at its published price. */
  billNanoUsd: number;
  usedNanoUsd: number;
  heldNanoUsd: number;
  /** Usage events at all workers' sinks, the number of different ones, and their total cost. */
  events: number;
  differentEvents: number;
  eventsNanoUsd: number;
  /** How many of the events are of streams. */
  streams: number;
  tookMs: number;
}

/** Starts everything, lets the clients run, and returns the measurements. Always ends the processes that it started. */
export async function run(settings: Settings): Promise<Facts> {
  const { capNanoUsd, prefix, workers, requestsPerWorker, asksAgain } = settings;
  const redis = settings.redisUrl === undefined ? await ownRedis() : undefined;
  const redisUrl = settings.redisUrl ?? redis?.url ?? '';
  const children: Child[] = [];
  const start = async (role: Parameters<typeof startChild>[0]) => {
    const started = await startChild(role);
    children.push(started.child);
    return started;
  };
  const plans = plansFor(capNanoUsd);
  const watching = tollgate({
    log: false,
    plans,
    keys: memoryKeys(),
    redis: { url: redisUrl, prefix, deadlineMs: 10_000 },
  });
  try {
    const [provider, load, ...serving] = await Promise.all([
      start('provider'),
      start('load'),
      ...Array.from({ length: workers }, () => start('worker')),
    ]);
    const issued = createKey();
    const key = {
      keyId: issued.keyId,
      secrets: [{ sha256: issued.sha256 }],
      tenant,
      plan: 'shared',
      scopes: [],
    };
    const order = { redisUrl, prefix, capNanoUsd, key, providerUrl: provider.told.url ?? '' };
    const listening = await Promise.all(serving.map(({ child }) => child.ask(order)));
    const urls = listening.map(({ url = '' }) => url);

    const checker = startChecker(watching.store, capNanoUsd);
    const startMs = Date.now();
    const { answers = {} } = await load.child.ask({
      urls,
      key: issued.key,
      model,
      requestsPerWorker,
      asksAgain,
    });
    const tookMs = Date.now() - startMs;
    const ended = await Promise.all(serving.map(({ child }) => child.ask({ tell: 'end' })));
    const seen = await checker.stop();
    const { used, held } = await standing(watching.store, capNanoUsd);
    const { books } = await provider.child.ask({ tell: 'books' });
    if (!books) throw new Error('the provider has no books');
    const events: UsageEvent[] = ended.flatMap((one) => one.events ?? []);
    return {
      capNanoUsd,
      ...seen,
      answers,
      providerRequests: books.requests,
      billNanoUsd: billOf(books.billed),
      usedNanoUsd: used,
      heldNanoUsd: held,
      events: events.length,
      differentEvents: new Set(events.map(({ eventId }) => eventId)).size,
      eventsNanoUsd: events.reduce((sum, { costNanoUsd }) => sum + Number(costNanoUsd), 0),
      streams: events.filter(({ stream }) => stream).length,
      tookMs,
    };
  } finally {
    for (const child of children) child.stop();
    await watching.close({ graceMs: 0 });
    await redis?.stop();
  }
}
