import { jobRunOf } from '@tollgate/core/internal';
import { bullJobs } from '@tollgate/jobs';
import { createNodeRedisClient, Queue, Worker } from 'bullmq';
import express from 'express';
import { createClient } from 'redis';
import { memoryKeys, openAiCompatible, tollgate } from 'tollgate';
import { inputNanoUsd, outputNanoUsd } from './app-settings.js';
import { type JobsSettings, leaseMs, lockMs, spend, tokens } from './jobs-settings.js';

/** An app that defers and does what it deferred, as a process of its own, so that it can be killed. */
const { redisPort, providerUrl, prefix, record, maxInterruptions, works }: JobsSettings = JSON.parse(
  process.argv[2] ?? '{}',
);
const url = `redis://127.0.0.1:${redisPort}`;
const client = createClient({ url });
client.on('error', () => undefined);
await client.connect();
const connection = createNodeRedisClient(client);
const queue = bullJobs({
  queue: new Queue(prefix, { connection }),
  worker: (work, options) => new Worker(prefix, work, { ...options, connection, drainDelay: 1 }),
  ...{ lockMs, lookEveryMs: 200 },
});
const usdOf = (nanoUsd: number): string => String(nanoUsd / 1_000);
const tg = tollgate({
  plans: { one: { tokens, spend, degrade: [{ at: 0.5, defer: true }] } },
  keys: memoryKeys([record]),
  redis: { url, prefix, outbox: true, deadlineMs: 5_000 },
  budget: { leaseMs },
  meter: {
    prices: { model: { inputUsdPerMillion: usdOf(inputNanoUsd), outputUsdPerMillion: usdOf(outputNanoUsd) } },
  },
  jobs: { queue, maxInterruptions, queueDeadlineMs: 10_000 },
});
const own = openAiCompatible({ name: 'own', apiKey: 'sk-test', baseUrl: providerUrl });
const app = express();
app.use('/v1', tg.guards(), (req, _res, next) => {
  if (jobRunOf(req)) process.stdout.write(`runs ${req.tollgate.requestId}\n`);
  next();
});
app.use('/v1', tg.proxy({ providers: [own] }));
app.use(tg.errors());
if (works) tg.jobs?.start(app);
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address ? address.port : 0}\n`);
});
