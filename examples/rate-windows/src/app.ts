import { authenticate, memoryKeys } from '@tollgate/auth';
import { rateLimit } from '@tollgate/rate-limit';
import express, { type Express } from 'express';

/** Ten requests a minute for each key. `now`: the clock, so that a load test needs no minutes. */
export function createApp(
  window: 'fixed' | 'sliding',
  now: () => number = Date.now,
): { app: Express; key: string } {
  const keys = memoryKeys();
  const { key } = keys.create({ tenant: 'acme', plan: 'any' });
  const app = express();
  app.use(authenticate({ keys }));
  app.use(rateLimit({ limits: { rate: '10/min', window, by: 'key' }, now }));
  app.get('/hello', (_req, res) => void res.json({ hello: 'world' }));
  return { app, key };
}
