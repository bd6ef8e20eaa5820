import { mkdirSync } from 'node:fs';
import { simulateProvider } from '@tollgate/simulator';
import { auditByCostCentre, createApp } from './app.js';
import { createAuthority } from './authority.js';
import { send, tries } from './requests.js';

const authority = await createAuthority();
const simulated = process.env.OPENAI_API_KEY ? undefined : await simulateProvider();
const folder = process.env.TOLLGATE_DIR ?? '.tollgate/service-access';
mkdirSync(folder, { recursive: true });
const { app, tg } = createApp({
  authority,
  database: process.env.DATABASE_URL
    ? { connectionString: process.env.DATABASE_URL }
    : { directory: `${folder}/data` },
  openaiBaseUrl: simulated?.openAiUrl ?? process.env.OPENAI_BASE_URL ?? 'https://api.openai.com/v1',
  openaiApiKey: process.env.OPENAI_API_KEY ?? 'simulated',
});
await tg.ready();

const server = app.listen(Number(process.env.PORT ?? 3010), '127.0.0.1', async () => {
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  const told = [];
  for (const one of tries)
    told.push({ ...one, answer: await send(url, await authority.token(one.client), one) });
  console.table(told);
  await tg.ledger?.caughtUp?.();
  console.table(await auditByCostCentre(tg, new Date(Date.now() - 86_400_000), new Date(Date.now() + 1)));
  console.log(`listening on ${url}; as claims-triage:`);
  console.log(
    `curl -s ${url}/confidential/v1/chat/completions -H 'Authorization: Bearer ${await authority.token('claims-triage')}' -H 'Content-Type: application/json' -d '{"model":"gpt-5-mini","messages":[{"role":"user","content":"Hello"}]}'`,
  );
});
process.once('SIGTERM', async () => {
  server.close();
  await tg.close({ graceMs: 5_000 });
  await simulated?.close();
  process.exit(0);
});
