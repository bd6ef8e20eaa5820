import { simulateProvider } from '@tollgate/simulator';
import { aBusyDay } from './a-busy-day.js';
import { createApp } from './app.js';

const simulated = process.env.OPENAI_API_KEY ? undefined : await simulateProvider();
const { app, tg, prepare } = createApp({
  database: process.env.DATABASE_URL
    ? { connectionString: process.env.DATABASE_URL }
    : { directory: process.env.TOLLGATE_DIR ?? '.tollgate/team-budgets' },
  openaiBaseUrl: simulated?.openAiUrl ?? process.env.OPENAI_BASE_URL ?? 'https://api.openai.com/v1',
  openaiApiKey: process.env.OPENAI_API_KEY ?? 'simulated',
});
const keys = await prepare();

const server = app.listen(Number(process.env.PORT ?? 3003), '127.0.0.1', async () => {
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  console.log(`listening on ${url}`);
  for (const [who, key] of Object.entries(keys)) console.log(`${who.padEnd(18)} ${key}`);
  if (simulated) console.table(await aBusyDay(url, keys, 20));
  console.log(
    'caps last a month: where a team is at its cap since an earlier start, delete the folder, or raise the cap',
  );
  const ask = `curl -s -H 'Authorization: Bearer ${keys.finance}' ${url}`;
  console.log(`${ask}/reports/teams\n${ask}/reports/bill/${new Date().toISOString().slice(0, 7)}`);
});

process.once('SIGTERM', async () => {
  server.close();
  await tg.close({ graceMs: 10_000 });
  await simulated?.close();
  process.exit(0);
});
