import { existsSync } from 'node:fs';
import { simulateProvider } from '@tollgate/simulator';
import express from 'express';
import helmet from 'helmet';
import OpenAI from 'openai';
import { envKeys, jsonLines, memoryKeys, tollgate } from 'tollgate';

if (existsSync('.env')) process.loadEnvFile();
const { OPENAI_API_KEY, TOLLGATE_KEYS, PORT = '3000', HOST = '127.0.0.1' } = process.env;

// Who may call, and how much. Change these first.
const plans = {
  free: { requests: '10/min', spend: '$0.50/day', maxOutputTokens: 1_000 },
  pro: { requests: '120/min', spend: '$50/month', concurrent: 10 },
};

// Keys: yours in TOLLGATE_KEYS, or one for this run.
const demo = memoryKeys();
const key = TOLLGATE_KEYS ? undefined : demo.create({ tenant: 'demo', plan: 'free' }).key;

const tg = tollgate({
  plans,
  keys: TOLLGATE_KEYS ? envKeys() : demo,
  sinks: [jsonLines('.tollgate/usage.jsonl')], // a line for each paid call
  // redis: { url: process.env.REDIS_URL },                       for several processes
  // database: { connectionString: process.env.DATABASE_URL },    keys, limits and bills in PostgreSQL
});

// Without a provider's key, a simulated provider answers.
const simulated = OPENAI_API_KEY ? undefined : await simulateProvider();
const openai = new OpenAI({
  apiKey: OPENAI_API_KEY ?? 'simulated',
  ...(simulated && { baseURL: simulated.openAiUrl }),
  fetch: tg.fetch, // each call within a request is reserved before, and charged after
});

const app = express();
app.use(helmet());
app.get('/healthz', (_req, res) => void res.send('ok'));
app.get('/readyz', (_req, res) => void res.status(tg.isReady ? 200 : 503).end());
app.get('/ai/usage', tg.usage()); // what a key has used and has left
app.use('/ai', tg.guards());
app.post('/ai/haiku', async (req, res) => {
  if (typeof req.body.topic !== 'string') {
    res.status(400).json({ error: { message: 'Send { "topic": "…" }.' } });
    return;
  }
  const { choices } = await openai.chat.completions.create({
    model: 'gpt-5-mini',
    max_completion_tokens: 200,
    messages: [{ role: 'user', content: `A haiku on ${req.body.topic}` }],
  });
  res.json({ haiku: choices[0]?.message.content });
});
app.use(tg.errors());

await tg.ready();
const server = app.listen(Number(PORT), HOST, () => {
  const address = server.address();
  const url = `http://${HOST}:${typeof address === 'object' && address ? address.port : PORT}`;
  console.log(`listening on ${url}`);
  if (!key) return;
  console.log(`curl -s ${url}/ai/haiku -H 'Authorization: Bearer ${key}' \\
  -H 'Content-Type: application/json' -d '{"topic":"the sea"}'`);
});

for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, async () => {
    server.close();
    await tg.close({ graceMs: 10_000 }); // lets requests finish, settles, writes the last event
    process.exit(0);
  });
