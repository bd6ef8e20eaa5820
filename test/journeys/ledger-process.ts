import { writeSync } from 'node:fs';
import { contextOf, subscribe } from '@tollgate/core';
import { registry } from '@tollgate/postgres';
import express from 'express';
import { anthropic, openai, resilience, spend, tollgate } from 'tollgate';
import { type LedgerProcessSettings, prices, tenantLimit } from './ledger-settings.js';

/** An app as people write it, on Redis and PostgreSQL, in a process of its own. Writes what it reserves, a line each, so that nothing is lost when it is killed. */
const settings: LedgerProcessSettings = JSON.parse(process.argv[2] ?? '{}');
const { redisUrl, databaseUrl, providerUrl, limit = tenantLimit } = settings;
const say = (facts: unknown): void => void writeSync(1, `${JSON.stringify(facts)}\n`);

subscribe('tollgate:reserve', ({ id, ok, grants }) => {
  if (ok) say({ reservation: id, grants });
});

const { keys } = registry({ connectionString: databaseUrl });
const tg = tollgate({
  plans: { pro: { requests: '100000/min', maxOutputTokens: 200 } },
  keys,
  limits: [spend(limit).by('tenant')],
  redis: { url: redisUrl, deadlineMs: 5_000 },
  database: { connectionString: databaseUrl },
  meter: { prices, labels: (req) => ({ ask: req.get('x-ask') ?? 'none' }) },
  budget: { leaseMs: 5_000 },
});
const providers = [
  openai({ apiKey: 'simulated', baseUrl: `${providerUrl}/v1` }),
  anthropic({ apiKey: 'simulated', baseUrl: providerUrl }),
];
const again = resilience({ retries: { baseMs: 5, ratio: 1 }, breaker: false });
const app = express();
app.use(tg.guards(), (req, res, next) => {
  say({ ask: req.get('x-ask'), reservation: contextOf(req, res).reservation?.id });
  next();
});
app.post(/^\/v1\//, tg.proxy({ providers, resilience: again }));
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  say({ port: typeof address === 'object' && address ? address.port : 0 });
});
