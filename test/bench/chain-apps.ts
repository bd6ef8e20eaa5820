import type { Express } from 'express';
import { chatAnswer, chatUsage } from './chat-answer.js';

/** Our chain, each step with those before it. The last two settle a call of known usage in the handler. */
export const chainSteps = [
  'helmet',
  '+ authenticate()',
  '+ rateLimit()',
  '+ jsonBody()',
  '+ meter()',
  '+ budget(): the whole chain',
] as const;

/** The first so many steps of our chain, in front of a handler that answers at once. */
export async function ours(count: number): Promise<Express> {
  const { default: express } = await import('express');
  const app = express();
  const { wholeChain } = await import('./whole-chain.js');
  app.use(...wholeChain().slice(0, count));
  if (count < 4) app.use(express.json());
  app.post('/v1/chat/completions', async (req, res) => {
    if (count > 4) await req.tollgate.record({ provider: 'openai', model: 'gpt-5-mini', usage: chatUsage });
    res.json(chatAnswer);
  });
  return app;
}

export async function bare(): Promise<Express> {
  const { default: express } = await import('express');
  const app = express();
  app.use(express.json());
  app.post('/v1/chat/completions', (_req, res) => {
    res.json(chatAnswer);
  });
  return app;
}

/** What one would put together without Tollgate. */
export async function composed(): Promise<Express> {
  const { composedChain } = await import('./composed-chain.js');
  return composedChain(chatAnswer, chatUsage.total_tokens);
}

/** The same chain as most apps mount it. */
export async function umbrella(): Promise<Express> {
  const { default: express } = await import('express');
  const { default: helmet } = await import('helmet');
  const { envKeys, tollgate } = await import('tollgate');
  const { chainPlans } = await import('./whole-chain.js');
  const app = express();
  app.use(helmet(), tollgate({ plans: chainPlans(), keys: envKeys() }).guards());
  app.post('/v1/chat/completions', async (req, res) => {
    await req.tollgate.record({ provider: 'openai', model: 'gpt-5-mini', usage: chatUsage });
    res.json(chatAnswer);
  });
  return app;
}
