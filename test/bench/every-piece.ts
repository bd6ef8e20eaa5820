import { meter, priceCatalogue, pricing } from '@tollgate/meter';
import { type Provider, type ProxyHandler, proxy, resilience, router } from '@tollgate/upstream';
import express, { type Express } from 'express';
import { wholeChain } from './whole-chain.js';

/** Where the models are. */
export interface Providers {
  readonly openAi: Provider;
  readonly claude: Provider;
}

/**
 * The whole chain and a `proxy()` with everything on: retries, breakers, fallbacks, translation, and a router that takes every request
 * for itself. It chooses a model of the client's own format (`routed`), or of another one (`translated`).
 */
export function everyPiece({ openAi, claude }: Providers, way: 'routed' | 'translated'): Express {
  const good = { quality: 0.9 };
  const other = { quality: 0.1 };
  const route = router({
    models: [
      { provider: openAi, model: 'gpt-5-mini', ...(way === 'routed' ? good : other) },
      { provider: claude, model: 'claude-haiku-4-5', ...(way === 'routed' ? other : good) },
    ],
    tasks: Object.fromEntries(
      ['simple', 'extraction', 'code', 'reasoning'].map((task) => [task, { quality: 0.5 }]),
    ),
    prices: pricing(priceCatalogue()),
  });
  const fallbacks = { 'gpt-*': [{ provider: claude, model: 'claude-haiku-4-5' }] };
  const handler: ProxyHandler = proxy({ route, translate: true, resilience: resilience({ fallbacks }) });
  const metered = meter({ dispatch: handler.dispatch });
  const app = express();
  app.use('/v1', ...wholeChain(metered), handler);
  return app;
}
