import { randomBytes } from 'node:crypto';
import { simulateProvider } from '@tollgate/simulator';
import express from 'express';
import next from 'next';
import { chatApi } from './chat.js';

const { OPENAI_API_KEY, OPENAI_BASE_URL, COOKIE_SECRET, PORT = '3015' } = process.env;
const simulated = OPENAI_API_KEY ? undefined : await simulateProvider();
const { api, tg } = chatApi({
  apiKey: OPENAI_API_KEY ?? 'simulated',
  baseURL: simulated?.openAiUrl ?? OPENAI_BASE_URL ?? 'https://api.openai.com/v1',
  secret: COOKIE_SECRET ?? randomBytes(32),
});
const pages = next({ dev: false });
await pages.prepare();
const handle = pages.getRequestHandler();

const app = express();
app.use('/api', api); // before Next.js: the guards read the body
app.all('/{*path}', (req, res) => handle(req, res));
const server = app.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}; try it in a browser`);
});
process.once('SIGTERM', async () => {
  server.close();
  await tg.close({ graceMs: 5_000 });
  await simulated?.close();
  process.exit(0);
});
