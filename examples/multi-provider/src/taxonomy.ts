import { priceCatalogue, pricing, router } from 'tollgate';
import type { AppConfig } from './app.js';

/** The kinds of tasks, the requirements of each, and the quality of each model for it, from the app's evaluation. */
export function taxonomy({ openai, anthropic, gemini }: AppConfig['providers']): ReturnType<typeof router> {
  return router({
    models: [
      {
        provider: gemini,
        model: 'gemini-2.5-flash-lite',
        quality: { simple: 0.85, extraction: 0.8, code: 0.5, reasoning: 0.4 },
      },
      {
        provider: anthropic,
        model: 'claude-haiku-4-5',
        quality: { simple: 0.9, extraction: 0.9, code: 0.85, reasoning: 0.7 },
      },
      {
        provider: openai,
        model: 'gpt-5',
        quality: { simple: 0.95, extraction: 0.95, code: 0.9, reasoning: 0.95 },
      },
    ],
    tasks: {
      simple: { quality: 0.7, firstTokenMs: 2_000, outputTokens: 150 },
      extraction: { quality: 0.75, outputTokens: 300 },
      code: { quality: 0.8, outputTokens: 800, secondWorth: '$0.0001' },
      reasoning: { quality: 0.7, outputTokens: 1_500, maxCost: '$0.05' },
    },
    header: { name: 'x-task', scope: 'tasks' }, // callers with this scope may name the task themselves
    sticky: 'conversation', // prompt caches are kept
    prices: pricing(priceCatalogue()),
  });
}
