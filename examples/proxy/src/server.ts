import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { envKeys, fileSwitch, jsonLines, webhook } from 'tollgate';
import { createApp } from './app.js';
import { readConfig } from './config.js';
import { type DemoKey, demoKeys, demoKeysIn } from './demo-keys.js';
import { sendDemoTraffic } from './demo-traffic.js';
import { openLedger } from './ledger.js';
import { startProviders } from './providers.js';

const config = readConfig(process.env, process.argv.slice(2));
const upstream = await startProviders(config);
const kept = openLedger(config);
// Without TOLLGATE_KEYS, keys and limits are in the database, where the command line changes them.
const demo = config.keys || kept.database ? undefined : demoKeys(config.directory);
const usage = jsonLines(join(config.directory, 'usage.jsonl'));
const counters = { url: config.redisUrl ?? '', deadlineMs: config.redisDeadlineMs };
const { app, tg } = createApp({
  keys: config.keys ? envKeys() : demo?.keys,
  sinks: [usage],
  providers: upstream.providers,
  database: kept.database && { database: kept.database, spool: kept.spool },
  // Counters that Redis loses are rebuilt from the ledger: the database's, else this file.
  redis: config.redisUrl ? { ...counters, ...(!kept.database && { spent: usage }) } : undefined,
  off: config.redisUrl ? true : fileSwitch(join(config.directory, 'switch.json')),
  alerts: config.alerts && { to: [webhook(config.alerts)] },
  metricsToken: config.metricsToken,
  watchActs: config.demo,
  maxInFlight: config.maxInFlight,
  trustProxy: config.trustProxy,
});

const ending = new AbortController();
const shown = demo?.shown ?? (tg.registry && !config.production ? await demoKeysOf(tg.registry) : []);
const counting = config.redisUrl ? 'on Redis' : 'in memory (set REDIS_URL to share counters)';

// A request has 30 s to arrive whole, its headers 10: slow senders cost a socket no longer. Answers may take longer.
const server = createServer(
  { requestTimeout: 30_000, headersTimeout: 10_000, connectionsCheckingInterval: 5_000 },
  app,
);
server.on('error', (error) => {
  console.error(`cannot listen on ${config.host}:${config.port}: ${error.message}`);
  process.exit(1);
});
server.listen(config.port, config.host, () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : config.port;
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  for (const { plan, key } of shown) console.log(`${plan} ${key}`);
  console.log(`Tollgate listens on ${url} in front of ${upstream.described}, counting ${counting}`);
  console.log(`the ledger: ${kept.described}`);
  console.log(`keys and limits: ${keysAreIn()}`);
  console.log(`the dashboard: ${url}/dashboard/ (log in with the admin key)`);
  console.log(callOf(url, shown[0]?.key ?? '<your key>'));
  const tiny = shown.find(({ plan }) => plan === 'tiny');
  if (tiny) console.log(nextSteps(url, tiny.key) + (config.databaseUrl ? budgetStep : ''));
  if (config.demo && tg.registry) {
    sendDemoTraffic(url, tg.registry, ending.signal, console.log).catch((error) =>
      console.error(`no demo traffic: ${error}`),
    );
  }
  console.log(`what it cost: ${join(config.directory, 'usage.jsonl')}, and what is left: ${url}/v1/usage`);
});

async function demoKeysOf(registry: NonNullable<typeof tg.registry>): Promise<readonly DemoKey[]> {
  try {
    return await demoKeysIn(registry, config.directory);
  } catch (error) {
    console.error(
      `no demo keys, for the database is away: ${error instanceof Error ? error.message : error}`,
    );
    return [];
  }
}

function keysAreIn(): string {
  if (config.keys) return 'keys from TOLLGATE_KEYS, limits from src/plans.ts';
  if (!tg.registry) return `demo keys from ${config.directory}, limits from src/plans.ts`;
  const when = config.databaseUrl
    ? 'beside the running app'
    : 'while the app is stopped (beside it with DATABASE_URL)';
  return `in ${kept.described}, limits also in src/plans.ts; "tollgate keys" and "tollgate budgets" change them ${when}`;
}

function callOf(url: string, key: string): string {
  return `curl -s ${url}/v1/chat/completions -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d '{"model":"gpt-5-mini","messages":[{"role":"user","content":"Hello"}]}'`;
}

function nextSteps(url: string, tinyKey: string): string {
  return `
Try next:
- a budget that runs out: paste this three times; the third answer is a 402, and no call was made
  ${callOf(url, tinyKey)}
- what that key has used and has left
  curl -s ${url}/v1/usage -H 'Authorization: Bearer ${tinyKey}'
- the switch, in a second terminal: the next call is a 403
  npm run --silent tollgate -- switch off everything --reason trying
  npm run --silent tollgate -- switch on everything
- a night with a runaway agent and a stolen key, watched and unwatched
  npm run example circuit-breaker
`;
}

const budgetStep = `- more budget for that key, in a second terminal with the same DATABASE_URL: the next call is a 200 again
  npm run --silent tollgate -- budgets set spend '$1/month' --tenant demo-tiny --by key
`;

async function end(): Promise<void> {
  if (ending.signal.aborted) return;
  ending.abort();
  const closed = tg.close({ drainDelayMs: config.drainDelayMs, graceMs: config.graceMs });
  await delay(config.drainDelayMs);
  server.close();
  server.closeIdleConnections();
  await closed;
  await kept.database?.end();
  server.closeAllConnections();
  await upstream.close();
  process.exit(0);
}
process.on('SIGTERM', end);
process.on('SIGINT', end);
