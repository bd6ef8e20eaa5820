/** An app on Redis and PostgreSQL that runs with this version and with an earlier one, so it uses only what both have. Its settings are its argument. */
import { registry } from '@tollgate/postgres';
import express from 'express';
import { openai, spend, tollgate } from 'tollgate';
import type { DeployedSettings } from './deployed-settings.js';

const { redisUrl, databaseUrl, providerUrl, each, all, tenants }: DeployedSettings = JSON.parse(
  process.argv[2] ?? '{}',
);
const { keys } = registry({ connectionString: databaseUrl });
const tg = tollgate({
  plans: { pro: { requests: '1000000/min', spend: each } },
  keys,
  limits: [spend(all).by('global')],
  redis: { url: redisUrl, deadlineMs: 5_000 },
  database: { connectionString: databaseUrl },
  meter: { labels: (req) => ({ ask: req.get('x-ask') ?? 'none' }) },
  budget: { leaseMs: 5_000 },
});
const provider = openai({ apiKey: 'simulated', baseUrl: providerUrl });
const app = express();
app.get('/readyz', (_req, res) => void res.status(tg.isReady ? 200 : 503).end());
app.use(tg.guards());
app.post('/v1/chat/completions', tg.proxy({ provider }));
const made = await Promise.all(tenants.map((tenant) => keys.create({ tenant, plan: 'pro' })));
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ port, keys: made.map(({ key }) => key) })}\n`);
});
process.on('SIGTERM', async () => {
  await tg.close({ graceMs: 5_000 });
  process.exit(0);
});
