import { setTimeout as delay } from 'node:timers/promises';
import express, { type Express } from 'express';
import { memoryKeys, type Tollgate, tollgate } from 'tollgate';

/** The app, a key of each plan, and the provider whose health it follows. */
export interface FairApp {
  readonly app: Express;
  readonly tg: Tollgate;
  readonly keys: Readonly<Record<'free' | 'pro', string>>;
  /** How long the provider takes, in milliseconds, and before that, until when it stands still. */
  readonly provider: { takesMs: number; standstill?: Promise<void> };
}

/** Requests beyond the limit wait: of those that wait, pro gets ten turns for each of free. The limit falls while the provider is slow. */
export function createApp(most: number): FairApp {
  const store = memoryKeys();
  const keys = {
    free: store.create({ tenant: 'hobby', plan: 'free' }).key,
    pro: store.create({ tenant: 'company', plan: 'pro' }).key,
  };
  const tg = tollgate({
    plans: { free: { priority: 0 }, pro: { priority: 9 } },
    keys: store,
    concurrency: {
      limit: most,
      adaptive: { initial: most, min: 2, latency: 'end', windowMs: 250, minSamples: 5 },
      queue: { size: 500, perTenant: 250, timeoutMs: 60_000 },
      tenantShare: 1,
    },
  });
  const provider: FairApp['provider'] = { takesMs: 300 };
  const app = express();
  app.use(tg.guards());
  app.post('/ask', async (req, res) => {
    await provider.standstill;
    await delay(provider.takesMs);
    res.json({ plan: req.tollgate.caller?.plan });
  });
  app.use(tg.errors());
  return { app, tg, keys, provider };
}
