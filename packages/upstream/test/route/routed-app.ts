import type { Usage } from '@tollgate/core';
import type { SimulatedProvider } from '@tollgate/simulator';
import {
  anthropic,
  gemini,
  openai,
  type Provider,
  type Router,
  type RouterOptions,
  router,
} from '../../src/index.js';
import { type Journey, type JourneyOptions, journey } from '../journey.js';

/** Dollars per million tokens, input and output alike: nano-dollars per thousandth of a token. */
const usdPerMillion: Readonly<Record<string, number>> = { best: 10, middle: 3, cheap: 1 };

/** Prices of the three models; others have none. */
export function prices({ inputTokens, outputTokens }: Usage, { model }: { readonly model: string }) {
  const price = usdPerMillion[model];
  return price === undefined ? undefined : { costNanoUsd: (inputTokens + outputTokens) * price * 1_000 };
}

/** OpenAI has `best`, Anthropic `middle`, Google `cheap`. */
export function threeProviders(sim: SimulatedProvider): [Provider, Provider, Provider] {
  const apiKey = 'sk-the-app';
  return [
    openai({ apiKey, baseUrl: sim.openAiUrl }),
    anthropic({ apiKey, baseUrl: sim.url }),
    gemini({ apiKey, baseUrl: sim.url }),
  ];
}

export interface RoutedApp extends Journey {
  readonly router: Router;
  /** Asks for a chat answer; what was asked is `auto`. */
  ask(content: string, body?: object, headers?: Record<string, string>): Promise<Response>;
}

/** A proxy whose router knows two tasks: `simple`, which any model may answer, and `code`, which only the best two may. */
export async function routedApp(
  options: Partial<RouterOptions> = {},
  { task, ...more }: JourneyOptions = {},
): Promise<RoutedApp> {
  let made: Router | undefined;
  const app = await journey({
    translate: true,
    ...more,
    providers: (sim) => {
      const [one, two, three] = threeProviders(sim);
      made = router({
        models: [
          { provider: one, model: 'best', quality: 0.95 },
          { provider: two, model: 'middle', quality: 0.8 },
          { provider: three, model: 'cheap', quality: 0.5 },
        ],
        tasks: { simple: {}, code: { quality: 0.7 } },
        prices,
        ...options,
      });
      return [one, two, three];
    },
    routed: () => ({ route: made as Router, ...(task !== undefined && { task }) }),
  });
  return Object.assign(app, {
    router: made as Router,
    ask: (content: string, body: object = {}, headers: Record<string, string> = {}) =>
      app.post(
        '/v1/chat/completions',
        { model: 'auto', messages: [{ role: 'user', content }], ...body },
        headers,
      ),
  });
}
