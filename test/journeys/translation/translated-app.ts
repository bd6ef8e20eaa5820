import type { ProxyHandler } from '@tollgate/upstream';
import { anthropic, gemini, openAiCompatible, openai, proxy } from 'tollgate';
import { type AppSetup, type RunningApp, startApp } from '../running-app.js';

/** Models that are sent to each provider's format. */
export const models = {
  openai: 'gpt-5-mini',
  anthropic: 'claude-haiku-4-5',
  gemini: 'gemini-2.5-flash',
  /** At a provider that speaks chat completions only. */
  chat: 'llama-3.3-70b-versatile',
  /** At one that speaks responses only. */
  responses: 'o4-mini',
} as const;

/** An app whose routes each answer with all three providers, by the name of the model. */
export function translatedApp(
  setup: Pick<AppSetup, 'plan' | 'provider' | 'options'> = {},
): Promise<RunningApp> {
  let passOn: ProxyHandler | undefined;
  return startApp({
    ...setup,
    options: {
      ...setup.options,
      meter: { ...setup.options?.meter, dispatch: (outgoing) => passOn?.dispatch(outgoing) ?? outgoing },
    },
    routes: (app, _tg, provider) => {
      passOn = proxy({
        translate: true,
        providers: [
          compatible('groq', provider.openAiUrl, models.chat, 'openai-chat'),
          compatible('azure', provider.openAiUrl, models.responses, 'openai-responses'),
          openai({ apiKey: 'simulated', baseUrl: provider.openAiUrl, models: ['gpt-5*'] }),
          anthropic({ apiKey: 'simulated', baseUrl: provider.url, models: ['claude-*'] }),
          gemini({ apiKey: 'simulated', baseUrl: provider.url, models: ['gemini-*'] }),
        ],
      });
      app.post('/v1/chat/completions', passOn);
      app.post('/v1/responses', passOn);
      app.post('/v1/messages', passOn);
      app.post('/v1beta/models/:call', passOn);
    },
  });
}

const compatible = (name: string, baseUrl: string, model: string, api: 'openai-chat' | 'openai-responses') =>
  openAiCompatible({ name, apiKey: 'simulated', baseUrl, apis: [api], models: [model] });

/** What the simulated provider says it billed is what was charged: one event, at its price, and nothing is held. */
export async function chargedExactly(app: RunningApp, model: string): Promise<void> {
  await app.settled();
  const { events, provider } = app;
  const { inputTokens, outputTokens } = provider.accounts().billed;
  const sum = (of: (event: (typeof events)[number]) => number): number =>
    events.reduce((total, event) => total + of(event), 0);
  const money = await app.money();
  const seen = {
    inputTokens: sum((event) => event.inputTokens),
    outputTokens: sum((event) => event.outputTokens),
    models: [...new Set(events.map((event) => event.model))],
    certain: events.every(
      ({ source, uncertain, overrun }) => source === 'provider' && !uncertain && !overrun,
    ),
    used: money.used,
    held: money.held,
  };
  const cost = sum((event) => Number(event.costNanoUsd));
  const expected = { inputTokens, outputTokens, models: [model], certain: true, used: cost, held: 0 };
  if (cost <= 0 || JSON.stringify(seen) !== JSON.stringify(expected)) {
    throw new Error(`charged ${JSON.stringify(seen)}, expected ${JSON.stringify(expected)}`);
  }
}
