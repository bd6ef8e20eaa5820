/** The whole product on Redis as a separate process, for the soak test: its settings are its argument. */
import express from 'express';
import { fileSwitch, memoryJobs, memoryKeys, openai, tollgate } from 'tollgate';
import type { SoakSettings, SoakState } from './soak-settings.js';

const settings: SoakSettings = JSON.parse(process.argv[2] ?? '');
const keys = memoryKeys();
const made = settings.tenants.map(
  (tenant) => keys.create({ tenant, user: `${tenant}-user`, plan: 'pro' }).key,
);
const poor = keys.create({ tenant: 'poor', plan: 'poor' }).key;
let events = 0;
const tg = tollgate({
  keys,
  plans: {
    pro: {
      requests: { rate: '1000000/min', window: 'sliding' },
      tokens: '100M/hour',
      spend: ['$1000/day', '$9000/month'],
      concurrent: 200,
    },
    poor: { spend: '$0.0001/day', degrade: [{ at: 0.5, maxOutputTokens: 16 }] },
  },
  redis: { url: settings.redisUrl, deadlineMs: 2_000 },
  sinks: [
    {
      write: () => {
        events += 1;
      },
    },
  ],
  switch: fileSwitch(settings.switchFile),
  watch: { mode: 'shadow' },
  concurrency: { limit: 100 },
  jobs: { queue: memoryJobs() },
  cache: true,
});
const app = express();
app.set('trust proxy', 'loopback');
app.get('/state', (_req, res) => {
  for (let round = 0; round < 3; round += 1) globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const handleKinds = process.getActiveResourcesInfo().filter((name) => name !== 'TCPSocketWrap');
  const state: SoakState = {
    heapBytes: process.memoryUsage().heapUsed,
    handles: handleKinds.length,
    handleKinds,
    cpuMs: (user + system) / 1_000,
    events,
    inFlight: tg.inFlight,
  };
  res.json(state);
});
app.get('/v1/usage', tg.usage());
app.use('/v1', tg.guards());
app.post(
  ['/v1/chat/completions', '/v1/embeddings'],
  tg.proxy({ provider: openai({ apiKey: 'sk-soak', baseUrl: settings.providerUrl }) }),
);
app.use(tg.errors());
await tg.ready();
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ port, keys: made, poor })}\n`);
});
