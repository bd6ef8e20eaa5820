import { jsonLines, memoryKeys } from 'tollgate';
import { createApp } from './app.js';
import { startProviders } from './providers.js';

const { providers, close } = await startProviders();
const keys = memoryKeys();
const { key } = keys.create({ tenant: 'demo', user: 'you', plan: 'free' });
const { app, tg } = createApp({ keys, sinks: [jsonLines('.tollgate/usage.jsonl')], providers });

const server = app.listen(Number(process.env.PORT ?? 3002), '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  console.log(`listening on http://127.0.0.1:${port}`);
  for (const [model, content] of [
    ['claude-haiku-4-5', 'Hello'],
    ['auto', 'What is the capital of Norway?'],
    ['auto', 'Write unit tests for this function'],
  ]) {
    console.log(
      `curl -s -D - http://127.0.0.1:${port}/v1/chat/completions -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d '{"model":"${model}","messages":[{"role":"user","content":"${content}"}]}' | grep -i '^x-tollgate\\|^{'`,
    );
  }
});

process.once('SIGTERM', async () => {
  server.close();
  await tg.close({ graceMs: 10_000 });
  await close();
  process.exit(0);
});
