import { z } from 'zod';

/** Bodies that the routes accept. */
export const bodies: Readonly<Record<string, object>> = {
  '/tenants': { tenant: 'gamma', teams: ['data'] },
  '/keys': { tenant: 'gamma', plan: 'pro', expires_at: '2027-01-01T00:00:00+01:00' },
  '/overrides': { tenant: 'gamma', team: 'data', kind: 'spend', limit: '$5/month' },
  '/keys/{key_id}/expire': { at: '2030-01-01T00:00:00Z' },
  '/overrides/clear': { tenant: 'gamma', team: 'data' },
  '/switch/off': { kind: 'tenant', name: 'gamma', reason: 'trying', minutes: 5 },
  '/switch/on': { kind: 'tenant', name: 'gamma' },
  '/unresolved/{event_id}/accept': { as: 'estimate' },
  '/what-if': { plans: { pro: { spend: '$1/day' } } },
  '/reconciliation': {
    pages: [
      {
        object: 'page',
        data: [
          {
            object: 'bucket',
            start_time: Date.UTC(2026, 9, 14) / 1_000,
            end_time: Date.UTC(2026, 9, 15) / 1_000,
            results: [
              {
                object: 'organization.usage.completions.result',
                input_tokens: 200,
                input_cached_tokens: 0,
                output_tokens: 100,
                num_model_requests: 2,
                model: 'gpt-5-mini',
              },
            ],
          },
        ],
      },
    ],
  },
};
export const queries: Readonly<Record<string, string>> = {
  '/usage': '?by=tenant,day,label:feature&from=2026-10-01&to=2026-10-16&time_zone=Europe/Berlin',
  '/movers': '?by=model&limit=3',
  '/caps': '?forecast=true&search=AC&above=0.01',
  '/caps/curve': '?tenant=acme&key=acmekey1&unit=usd&from=2026-10-01T00:00:00Z&to=2026-11-01T00:00:00Z',
  '/bills': '?month=2026-10',
  '/outcomes': '?outcome=resolved&by=tenant',
  '/export': '?format=jsonl',
  '/keys': '?search=acm',
  '/prices': '?model=gpt-5-mini',
};

/** The body of every refusal. */
export const errorBody = z.strictObject({
  error: z.strictObject({
    message: z.string().min(1),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
  }),
  request_id: z.string(),
});

/** May do everything, for all tenants. */
export const operator = { name: 'olga', role: 'operator' };
