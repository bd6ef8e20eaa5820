/**
 * What the whole chain costs on Redis, over bare Express, and beside a chain composed from well-known packages; in one process and in
 * four. Every chain counts three windows of requests and one of money. Nobody reads the outbox meanwhile.
 */
import type { RequestHandler } from 'express';
import { callers } from './callers.js';
import { chatAnswer, chatUsage } from './chat-answer.js';
import { chatBody } from './chat-body.js';
import { compare } from './harness/compare.js';
import { listen } from './harness/listen.js';
import { several } from './harness/several.js';
import { redisGauge } from './redis-gauge.js';

const load = { path: '/v1/chat/completions', body: chatBody(), headers: callers(20), connections: 20 };
const processes = 4;
/** A fixed load of each process: about a third of what the slowest contender can do, so that none has to queue. */
const perSecond = 250;
const redisUrl = (): string => process.env.BENCH_REDIS_URL ?? '';

async function bare(): Promise<string> {
  const { default: express } = await import('express');
  const app = express();
  app.use(express.json());
  app.post('/v1/chat/completions', (_req, res) => {
    res.json(chatAnswer);
  });
  return listen(app);
}

async function composed(): Promise<string> {
  const { composedChainOnRedis } = await import('./composed-chain-on-redis.js');
  return listen(await composedChainOnRedis(redisUrl(), chatAnswer, chatUsage.total_tokens));
}

/** Behind our guards, a handler that settles a call of known usage. */
async function behind(guards: readonly RequestHandler[]): Promise<string> {
  const { default: express } = await import('express');
  const app = express();
  app.use(...guards);
  app.post('/v1/chat/completions', async (req, res) => {
    await req.tollgate.record({ provider: 'openai', model: 'gpt-5-mini', usage: chatUsage });
    res.json(chatAnswer);
  });
  return listen(app);
}

async function pieces(): Promise<string> {
  const { wholeChainOnRedis } = await import('./whole-chain-on-redis.js');
  return behind(await wholeChainOnRedis(redisUrl()));
}

async function umbrella(): Promise<string> {
  const { umbrellaOnRedis } = await import('./whole-chain-on-redis.js');
  return behind(umbrellaOnRedis(redisUrl()));
}

const one = {
  'bare Express': bare,
  'composed chain': composed,
  'our chain': pieces,
  'helmet and tollgate().guards(), requests in the budget': umbrella,
};
const names = Object.keys(one);
const four = Object.fromEntries(
  names.map((name) => [`${processes} × ${name}`, () => several(name, processes)]),
);
const goals = [
  'at least 0.55 of the throughput of bare Express, and 1.6 × that of the composed chain',
  'at most 20 µs of CPU of Redis for each request',
];

await compare({
  name: 'redis-chain',
  services: { redis: async () => (await (await import('@tollgate/testkit')).startRedis()).url },
  gauge: () => redisGauge(redisUrl()),
  contenders: { ...one, ...four },
  scenarios: [
    { title: 'The whole chain on Redis', contenders: names, goals, load },
    {
      title: `The whole chain on Redis, ${perSecond} requests/s`,
      contenders: names,
      goals: ['CPU of app and Redis together at most 0.8 × the composed chain'],
      load: { ...load, perSecond },
    },
    {
      title: 'The whole chain on Redis, four processes',
      contenders: Object.keys(four),
      goals,
      load,
      processes,
    },
    {
      title: `The whole chain on Redis, four processes, ${processes * perSecond} requests/s`,
      contenders: Object.keys(four),
      goals: ['CPU of app and Redis together at most 0.8 × the composed chain'],
      load: { ...load, perSecond: processes * perSecond },
      processes,
    },
  ],
});
