import { createServer } from 'node:http';
import express from 'express';
import { callbackSink, openai, type Tollgate, tollgate, type UsageEvent } from 'tollgate';
import { plansFor } from './budget.js';
import { serve } from './child.js';
import type { Told, WorkerOrder } from './messages.js';

// One of the processes behind a load balancer. All it shares with the others is on Redis.
const events: UsageEvent[] = [];
let tg: Tollgate | undefined;

async function start({ redisUrl, prefix, capNanoUsd, providerUrl, key }: WorkerOrder): Promise<Told> {
  tg = tollgate({
    log: false,
    plans: plansFor(capNanoUsd),
    keys: { find: async (keyId) => (keyId === key.keyId ? key : undefined) },
    // A machine that runs other work as well sometimes needs more than 150 ms.
    redis: { url: redisUrl, prefix, deadlineMs: 10_000 },
    sinks: [callbackSink((event) => void events.push(event))],
  });
  const app = express();
  app.use('/v1', tg.guards());
  app.post(
    '/v1/chat/completions',
    tg.proxy({ provider: openai({ apiKey: 'simulated', baseUrl: providerUrl }) }),
  );
  // Longer than a run: a connection that is closed for idleness just as a client writes to it gives that client no answer.
  const server = createServer({ keepAliveTimeout: 60_000 }, app);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', 2_048, listening));
  while (!tg.isReady) await new Promise((resolve) => setTimeout(resolve, 20));
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}` };
}

serve<WorkerOrder | { tell: 'end' }>({}, async (order) => {
  if ('redisUrl' in order) return start(order);
  await tg?.close();
  return { events };
});
