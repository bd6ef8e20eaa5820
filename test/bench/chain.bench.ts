/** What the whole chain costs in memory, over bare Express, and beside a chain composed from well-known packages. */
import { callers } from './callers.js';
import { chatAnswer, chatUsage } from './chat-answer.js';
import { chatBody } from './chat-body.js';
import { compare } from './harness/compare.js';
import { listen } from './harness/listen.js';

const load = { path: '/v1/chat/completions', body: chatBody(), headers: callers(20), connections: 20 };

/** Our chain, each step with those before it. The last two settle a call of known usage in the handler. */
const steps = [
  'helmet',
  '+ authenticate()',
  '+ rateLimit()',
  '+ jsonBody()',
  '+ meter()',
  '+ budget(): the whole chain',
];

async function ours(count: number): Promise<string> {
  const { default: express } = await import('express');
  const app = express();
  const { wholeChain } = await import('./whole-chain.js');
  app.use(...wholeChain().slice(0, count));
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

/** The same chain as most apps mount it. */
async function umbrella(): Promise<string> {
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
    'helmet and tollgate().guards()': umbrella,
    ...Object.fromEntries(steps.map((name, index) => [name, () => ours(index + 1)])),
  },
  scenarios: [
    {
      title: 'Our chain, guard by guard',
      contenders: ['bare Express', 'composed chain', ...steps, 'helmet and tollgate().guards()'],
      goals: [
        'the whole chain has at least 0.70 of the throughput of bare Express, and more than the composed one',
      ],
      load,
    },
  ],
});
