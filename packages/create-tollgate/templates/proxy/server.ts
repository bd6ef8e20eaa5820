import { existsSync } from 'node:fs';
import { simulateProvider } from '@tollgate/simulator';
import express from 'express';
import helmet from 'helmet';
import { anthropic, envKeys, jsonLines, memoryKeys, openai, tollgate } from 'tollgate';

if (existsSync('.env')) process.loadEnvFile();
const { ANTHROPIC_API_KEY, OPENAI_API_KEY, TOLLGATE_KEYS, PORT = '3000', HOST = '127.0.0.1' } = process.env;

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
const simulated = OPENAI_API_KEY || ANTHROPIC_API_KEY ? undefined : await simulateProvider();
const providers = [
  openai({ apiKey: OPENAI_API_KEY ?? 'simulated', ...(simulated && { baseUrl: simulated.openAiUrl }) }),
  anthropic({ apiKey: ANTHROPIC_API_KEY ?? 'simulated', ...(simulated && { baseUrl: simulated.url }) }),
];

const app = express();
app.use(helmet());
app.get('/healthz', (_req, res) => void res.send('ok'));
app.get('/readyz', (_req, res) => void res.status(tg.isReady ? 200 : 503).end());
app.get('/v1/usage', tg.usage()); // what a key has used and has left
app.use('/v1', tg.guards(), tg.proxy({ providers }));
app.use(tg.errors());

await tg.ready();
const server = app.listen(Number(PORT), HOST, () => {
  const address = server.address();
  const url = `http://${HOST}:${typeof address === 'object' && address ? address.port : PORT}`;
  console.log(`listening on ${url}`);
  if (!key) return;
  console.log(`curl -s ${url}/v1/chat/completions -H 'Authorization: Bearer ${key}' \\
  -H 'Content-Type: application/json' -d '{"model":"gpt-5-mini","messages":[{"role":"user","content":"Hello"}]}'`);
});

for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, async () => {
    server.close();
    await tg.close({ graceMs: 10_000 }); // lets requests finish, settles, writes the last event
    process.exit(0);
  });
