/** What a megabyte of prompt costs the event loop: parsed by Express, parsed by `jsonBody()`, and bounded and priced by `meter()`. */
import { adversarialBody, adversarialTexts, manyMessages } from './adversarial-prompts.js';
import { callers } from './callers.js';
import { compare, type Scenario } from './harness/compare.js';
import { listen } from './harness/listen.js';

const headers = callers(1);
const contenders = ['express.json()', 'jsonBody()', 'jsonBody(), meter()'];

async function serve(kind: string): Promise<string> {
  const { default: express } = await import('express');
  const { jsonBody } = await import('@tollgate/core');
  const { authenticate, envKeys } = await import('@tollgate/auth');
  const app = express();
  app.use(authenticate({ keys: envKeys() }));
  app.use(kind === 'express.json()' ? express.json({ limit: '4mb' }) : jsonBody({ limit: '4mb' }));
  if (kind === 'jsonBody(), meter()') {
    const { meter } = await import('@tollgate/meter');
    app.use(meter());
  }
  app.post('/v1/chat/completions', (_req, res) => {
    res.json({});
  });
  return listen(app);
}

function scenario(title: string, body: string): Scenario {
  const load = { path: '/v1/chat/completions', headers, body, connections: 1 };
  return { title, contenders, load, goals: ['less than 20 000 µs of CPU added by meter() to jsonBody()'] };
}

await compare({
  name: 'adversarial-prompt',
  contenders: Object.fromEntries(contenders.map((kind) => [kind, () => serve(kind)])),
  scenarios: [
    ...Object.entries(adversarialTexts).map(([title, text]) => scenario(title, adversarialBody(text()))),
    scenario('15 000 messages', manyMessages()),
  ],
});
