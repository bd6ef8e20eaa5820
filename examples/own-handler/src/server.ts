import { simulateProvider } from '@tollgate/simulator';
import { jsonLines, memoryKeys } from 'tollgate';
import { createApp } from './app.js';

const simulated =
  process.env.OPENAI_API_KEY && process.env.ANTHROPIC_API_KEY ? undefined : await simulateProvider();
const keys = memoryKeys();
const { key } = await keys.create({ tenant: 'demo', user: 'you', plan: 'pro', scopes: ['summarize'] });
const { app, tg } = createApp({
  keys,
  sinks: [jsonLines('.tollgate/usage.jsonl')],
  openaiBaseUrl: simulated?.openAiUrl ?? process.env.OPENAI_BASE_URL ?? 'https://api.openai.com/v1',
  anthropicBaseUrl: simulated?.url ?? process.env.ANTHROPIC_BASE_URL ?? 'https://api.anthropic.com',
  openaiApiKey: process.env.OPENAI_API_KEY ?? 'simulated',
  anthropicApiKey: process.env.ANTHROPIC_API_KEY ?? 'simulated',
});

const server = app.listen(Number(process.env.PORT ?? 3001), '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  console.log(`listening on http://127.0.0.1:${port}`);
  console.log(
    `curl -s http://127.0.0.1:${port}/agent -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d '{"question":"What is the weather in Paris?"}'`,
  );
});

process.once('SIGTERM', async () => {
  server.close();
  await tg.close({ graceMs: 10_000 });
  await simulated?.close();
  process.exit(0);
});
