import { definePlans } from 'tollgate';

/** The tiers of this app. Change them: a limit counts per key unless it has a `by`. */
export const plans = definePlans({
  free: {
    requests: '20/min',
    tokens: '20k/day',
    spend: '$0.50/day',
    concurrent: 2,
    models: ['gpt-5-mini', 'gpt-5-nano', 'gpt-4o-mini', 'claude-haiku-*', 'text-embedding-3-small'],
    maxOutputTokens: 1024,
    degrade: [{ at: 0.9, defer: true }], // with "Prefer: respond-async" the rest of the day waits for the next one: 202
  },
  pro: {
    requests: { rate: '300/min', burst: 60 },
    tokens: ['200k/min', '20M/month'],
    spend: '$50/month',
    concurrent: 50,
    degrade: [
      { at: 0.85, model: { 'gpt-5': 'gpt-5-mini' } },
      { at: 0.95, maxOutputTokens: 256 },
    ],
    priority: 10,
  },
  // To see a budget run out: two short calls fit, the third is a 402.
  tiny: { requests: '20/min', spend: '$0.00014/day', maxOutputTokens: 64 },
  admin: { requests: '600/min', spend: '$100/month', priority: 20 },
});
