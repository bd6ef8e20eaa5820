import { createWriteStream, mkdirSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { simulateProvider } from '@tollgate/simulator';
import { createApp, warehouseFile } from './app.js';
import { createIssuer } from './issuer.js';
import { ask } from './traffic.js';

const issuer = await createIssuer();
const simulated = process.env.OPENAI_API_KEY ? undefined : await simulateProvider();
const folder = process.env.TOLLGATE_DIR ?? '.tollgate/tenant-gateway';
mkdirSync(folder, { recursive: true });
const { app, tg } = createApp({
  issuer,
  database: process.env.DATABASE_URL
    ? { connectionString: process.env.DATABASE_URL }
    : { directory: `${folder}/data` },
  openaiBaseUrl: simulated?.openAiUrl ?? process.env.OPENAI_BASE_URL ?? 'https://api.openai.com/v1',
  openaiApiKey: process.env.OPENAI_API_KEY ?? 'simulated',
});
await tg.ready();

const server = app.listen(Number(process.env.PORT ?? 3009), '127.0.0.1', async () => {
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  const acme = await issuer.token('acme', 'basic', 'ann');
  const globex = await issuer.token('globex', 'business', 'gus');
  if (simulated) {
    const outcomes = [
      await ask(url, acme, { tenant: 'acme', tier: 'basic', requests: 12, model: 'gpt-5-mini' }),
      await ask(url, globex, { tenant: 'globex', tier: 'business', requests: 12, model: 'gpt-5-mini' }),
      await ask(url, globex, { tenant: 'globex', tier: 'business', requests: 2, model: 'gpt-4.1' }),
    ];
    console.table(outcomes.map(({ refused, ...rest }) => ({ ...rest, refused: JSON.stringify(refused) })));
    await tg.ledger?.caughtUp?.();
  }
  const file = `${folder}/usage.parquet`;
  await pipeline(
    warehouseFile(tg, new Date(Date.now() - 31 * 86_400_000), new Date(Date.now() + 1)),
    createWriteStream(file),
  );
  console.log(`${file}: ${statSync(file).size} bytes for the warehouse, a row for each attempt`);
  console.log(`listening on ${url}; as ann of acme:`);
  console.log(`curl -s ${url}/v1/report -H 'Authorization: Bearer ${acme}'`);
});
process.once('SIGTERM', async () => {
  server.close();
  await tg.close({ graceMs: 5_000 });
  await simulated?.close();
  process.exit(0);
});
