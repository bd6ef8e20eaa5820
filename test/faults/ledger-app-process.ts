/** An app with counters in memory and a ledger, as a process of its own, so that it can be killed or its disk be full: its settings are its argument. */
import express from 'express';
import { memoryKeys, openAiCompatible, tollgate } from 'tollgate';
import type { LedgerAppSettings } from './ledger-app.js';

const { databaseUrl, spool, providerUrl }: LedgerAppSettings = JSON.parse(process.argv[2] ?? '{}');
const keys = memoryKeys();
const { key } = keys.create({ tenant: 'acme', plan: 'one' });
const tg = tollgate({
  plans: { one: { spend: '$1000/month' } },
  keys,
  database: { connectionString: databaseUrl, spool },
  meter: {
    prices: { model: { inputUsdPerMillion: '1', outputUsdPerMillion: '4' } },
    labels: (req) => ({ ask: req.get('x-ask') ?? 'none' }),
  },
});
const own = openAiCompatible({ name: 'own', apiKey: 'sk-test', baseUrl: providerUrl });
const app = express();
app.use('/v1', tg.guards(), tg.proxy({ provider: own }));
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ port, key })}\n`);
});
process.on('SIGTERM', async () => {
  await tg.close({ graceMs: 1_000 });
  process.exit(0);
});
