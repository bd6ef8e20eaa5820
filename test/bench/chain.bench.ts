/** What the whole chain costs in memory, over bare Express, and beside a chain composed from well-known packages. */
import type { RequestHandler } from 'express';
import { callers } from './callers.js';
import { chatAnswer, chatUsage } from './chat-answer.js';
import { chatBody } from './chat-body.js';
import { compare } from './harness/compare.js';
import { listen } from './harness/listen.js';

const load = { path: '/v1/chat/completions', body: chatBody(), headers: callers(20), connections: 20 };

/** The first guards of our chain, as many as are asked for. */
async function guards(count: number): Promise<RequestHandler[]> {
  const { default: helmet } = await import('helmet');
  const { authenticate, envKeys } = await import('@tollgate/auth');
  const { definePlans, jsonBody } = await import('@tollgate/core');
  const { rateLimit } = await import('@tollgate/rate-limit');
  const { meter } = await import('@tollgate/meter');
  const plans = definePlans({ pro: { requests: '100M/min', tokens: '1000M/day', spend: '$1000000/month' } });
  return [helmet(), authenticate({ keys: envKeys() }), rateLimit({ plans }), jsonBody(), meter()].slice(
    0,
    count,
  );
}

async function ours(count: number): Promise<string> {
  const { default: express } = await import('express');
  const app = express();
  app.use(...(await guards(count)));
  if (count < 4) app.use(express.json());
  app.post('/v1/chat/completions', async (req, res) => {
    if (count > 4) await req.tollgate.record({ provider: 'openai', model: 'gpt-5-mini', usage: chatUsage });
    res.json(chatAnswer);
  });
  return listen(app);
}

async function bare(): Promise<string> {
  const { default: express } = await import('express');
  const app = express();
  app.use(express.json());
  app.post('/v1/chat/completions', (_req, res) => {
    res.json(chatAnswer);
  });
  return listen(app);
}

await compare({
  name: 'chain',
  contenders: {
    'bare Express': bare,
    'composed chain': async () => {
      const { composedChain } = await import('./composed-chain.js');
      return listen(composedChain(chatAnswer, chatUsage.total_tokens));
    },
    helmet: () => ours(1),
    '+ authenticate()': () => ours(2),
    '+ rateLimit()': () => ours(3),
    '+ jsonBody()': () => ours(4),
    '+ meter()': () => ours(5),
  },
  scenarios: [
    {
      title: 'Our chain, guard by guard',
      contenders: [
        'bare Express',
        'composed chain',
        'helmet',
        '+ authenticate()',
        '+ rateLimit()',
        '+ jsonBody()',
        '+ meter()',
      ],
      load,
    },
  ],
});
