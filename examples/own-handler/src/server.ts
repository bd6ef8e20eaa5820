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
  const ask = `curl -s http://127.0.0.1:${port}`;
  const as = `-H 'Authorization: Bearer ${key}'`;
  const json = `${as} -H 'Content-Type: application/json'`;
  console.log(`
one call, with its cost     ${ask}/summarize -D - ${json} -d '{"text":"Tolls were paid at gates."}' | grep -i '^x-tollgate\\|^{'
an agent's loop             ${ask}/agent ${json} -d '{"question":"What is the weather in Paris?"}'
a stream                    ${ask}/translate -N ${json} -d '{"text":"Good morning."}'
usage that you report       ${ask}/transcribe ${json} -d '{}'
what is used and left       ${ask}/usage ${as}`);
});

process.once('SIGTERM', async () => {
  server.close();
  await tg.close({ graceMs: 10_000 });
  await simulated?.close();
  process.exit(0);
});
