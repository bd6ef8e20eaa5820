import { createServer } from 'node:http';
import { envKeys } from '@tollgate/auth';
import { callback } from '@tollgate/watch';
import express from 'express';
import { openai, tollgate } from 'tollgate';

/** A message of a worker to the process that started it. */
export type Told = { readonly port: number } | { readonly notice: string };

const {
  REDIS_URL = '',
  PREFIX = '',
  OPENAI_BASE_URL = '',
  OPENAI_API_KEY = 'simulated',
  QUOTA = '20k',
} = process.env;
const tell = (told: Told): void => void process.send?.(told);

const tg = tollgate({
  // Of all processes together: what is admitted never passes it, however many ask at once.
  plans: { team: { tokens: { limit: `${QUOTA}/month`, by: 'team' } } },
  keys: envKeys(),
  redis: { url: REDIS_URL, prefix: PREFIX, deadlineMs: 5_000 },
  // Each notice once, by whichever process comes first; webhook(), slack(), email() and pagerDuty() are receivers, too.
  alerts: {
    to: [callback(({ event, incident }) => tell({ notice: `${event}: ${incident.title}` }))],
    pollMs: 100,
  },
  log: false,
});
const app = express();
app.get('/usage', tg.usage());
app.use('/v1', tg.guards());
app.post(
  '/v1/chat/completions',
  tg.proxy({ provider: openai({ apiKey: OPENAI_API_KEY, baseUrl: OPENAI_BASE_URL }) }),
);
app.use(tg.errors());
await tg.ready();
const server = createServer(app).listen(0, '127.0.0.1', () => {
  const address = server.address();
  tell({ port: typeof address === 'object' && address ? address.port : 0 });
});
process.on('disconnect', () => process.exit(0));
