import { keepReconciliation, keptReconciliations, reconcile } from '@tollgate/reports';
import { z } from 'zod';
import { valid } from '../api/errors.js';
import { dollars, moment, usd } from '../api/fields.js';
import { route } from '../api/route.js';

const tokens = z.strictObject({ ledger: z.number(), provider: z.number() });

/** Comparison of the ledger with the provider's own figures. */
export const reconciliationRoutes = [
  route({
    method: 'post',
    path: '/reconciliation',
    summary:
      "Compare the ledger with pages of a provider's own usage or costs, by day and model. Keeps the result, changes nothing",
    role: 'finance',
    needs: 'ledger',
    tenants: 'all',
    body: z.strictObject({ pages: z.array(z.unknown()).min(1).max(1_000) }),
    answers: {
      200: z.strictObject({
        agrees: z.boolean(),
        data: z.array(
          z.strictObject({
            ...{
              day: z.string(),
              model: z.string().nullable(),
              agrees: z.boolean(),
              unconfirmed_usd: dollars,
            },
            ...{ input_tokens: tokens.optional(), cached_input_tokens: tokens.optional() },
            output_tokens: tokens.optional(),
            cost_usd: z.strictObject({ ledger: dollars, provider: dollars }).optional(),
          }),
        ),
      }),
    },
    run: async ({ services, who, body: { pages } }) => {
      const lines = await services.ask(() => valid(() => reconcile(services.database, pages)));
      const kept = { actor: who.name, lines, nowMs: services.now() };
      await services.ask(() => keepReconciliation(services.database, kept));
      const data = lines.map((one) => ({
        ...{ day: one.day, model: one.model, agrees: one.agrees },
        unconfirmed_usd: usd(one.unconfirmedNanoUsd),
        ...(one.inputTokens && { input_tokens: one.inputTokens }),
        ...(one.cachedInputTokens && { cached_input_tokens: one.cachedInputTokens }),
        ...(one.outputTokens && { output_tokens: one.outputTokens }),
        ...(one.costNanoUsd && {
          cost_usd: { ledger: usd(one.costNanoUsd.ledger), provider: usd(one.costNanoUsd.provider) },
        }),
      }));
      return { json: { agrees: data.every((one) => one.agrees), data } };
    },
  }),
  route({
    method: 'get',
    path: '/reconciliation',
    summary: 'The results of earlier comparisons with a provider, the newest first',
    role: 'finance',
    needs: 'ledger',
    tenants: 'all',
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1_000).default(20) }),
    answers: {
      200: z.strictObject({
        data: z.array(
          z.strictObject({
            at: moment,
            actor: z.string(),
            /** Days in UTC. */
            ...{ first_day: z.string(), last_day: z.string() },
            /** By day and model. */
            ...{ lines: z.int(), differing: z.int() },
          }),
        ),
      }),
    },
    run: async ({ services, query: { limit } }) => {
      const found = await services.ask(() => keptReconciliations(services.database, limit));
      const data = found.map((one) => ({
        ...{ at: new Date(one.atMs).toISOString(), actor: one.actor, first_day: one.firstDay },
        ...{ last_day: one.lastDay, lines: one.lines, differing: one.differing },
      }));
      return { json: { data } };
    },
  }),
];
