import { definePlans, type PlanDeclaration } from '@tollgate/core';
import { advice, exportEvents, simulate } from '@tollgate/reports';
import { z } from 'zod';
import { valid } from '../api/errors.js';
import { dollars, id, momentIn, timeZone, usd } from '../api/fields.js';
import { route } from '../api/route.js';
import { queryOf } from './usage.js';

const period = {
  from: momentIn.optional(),
  to: momentIn.optional(),
  tenant: id.optional(),
  time_zone: timeZone,
};
const byOf = z.record(z.string(), z.string().nullable());

const contentTypes = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/jsonl',
  parquet: 'application/vnd.apache.parquet',
} as const;

/** Money in the books: bills, outcomes, what-if, exports. */
export const financeRoutes = [
  route({
    method: 'get',
    path: '/bills',
    summary: 'The bill of each tenant for a month, with cost and margin',
    role: 'finance',
    needs: 'ledger',
    query: z.strictObject({
      month: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-11'),
      tenant: id.optional(),
      time_zone: timeZone,
    }),
    answers: {
      200: z.strictObject({
        month: z.string(),
        time_zone: z.string(),
        data: z.array(
          z.strictObject({
            ...{ tenant: z.string(), plan: z.string(), cost_usd: dollars, usage_price_usd: dollars },
            ...{ included_usd: dollars, overage_usd: dollars, fee_usd: dollars },
            ...{ billed_usd: dollars, margin_usd: dollars },
          }),
        ),
      }),
    },
    run: async ({ services, tenant, query: { month, time_zone } }) => {
      const only = tenant === undefined ? {} : { tenant };
      const lines = await services.ask(() => services.reports.bill(month, { timeZone: time_zone, ...only }));
      const data = lines.map((one) => ({
        ...{ tenant: one.tenant, plan: one.plan, cost_usd: usd(one.costNanoUsd) },
        ...{ usage_price_usd: usd(one.usagePriceNanoUsd), included_usd: usd(one.includedNanoUsd) },
        ...{ overage_usd: usd(one.overageNanoUsd), fee_usd: usd(one.feeNanoUsd) },
        ...{ billed_usd: usd(one.billedNanoUsd), margin_usd: usd(one.marginNanoUsd) },
      }));
      return { json: { month, time_zone, data } };
    },
  }),
  route({
    method: 'get',
    path: '/outcomes',
    summary: 'The cost of usage for each time that an outcome was reached',
    role: 'finance',
    needs: 'ledger',
    query: z.strictObject({
      ...period,
      outcome: z.string().min(1).max(200),
      by: z.string().max(500).default(''),
    }),
    answers: {
      200: z.strictObject({
        outcome: z.string(),
        data: z.array(
          z.strictObject({
            ...{ by: byOf, outcomes: z.int(), cost_usd: dollars },
            cost_per_outcome_usd: dollars.nullable(),
          }),
        ),
      }),
    },
    run: async (call) => {
      const { services, query } = call;
      const by = query.by === '' ? [] : query.by.split(',');
      const asked = { ...queryOf(call, query), by: by as never };
      const found = await services.ask(() =>
        valid(() => services.reports.costPerOutcome(query.outcome, asked)),
      );
      const data = found.map((one) => ({
        ...{ by: { ...one.by }, outcomes: one.outcomes, cost_usd: usd(one.costNanoUsd) },
        cost_per_outcome_usd: one.costPerOutcomeNanoUsd === null ? null : usd(one.costPerOutcomeNanoUsd),
      }));
      return { json: { outcome: query.outcome, data } };
    },
  }),
  route({
    method: 'post',
    path: '/what-if',
    summary:
      'Replay a period of the ledger against other plans: what would have been refused and saved. Changes nothing',
    role: 'finance',
    needs: 'ledger',
    body: z.strictObject({
      ...period,
      plans: z.record(z.string(), z.record(z.string(), z.unknown())).describe('As definePlans() takes them'),
    }),
    answers: {
      200: z.strictObject({
        total: whatIfLine(),
        data: z.array(whatIfLine()),
        refusals: z.array(z.strictObject({ plan: z.string(), limit: z.string(), requests: z.int() })),
      }),
    },
    run: async (call) => {
      const { services, body } = call;
      const plans = await valid(() => definePlans(body.plans as Record<string, PlanDeclaration>));
      const { from, to, where = {} } = queryOf(call, body);
      const found = await services.ask(() =>
        valid(() => simulate(services.database, { from, to, where, plans })),
      );
      const shown = (one: (typeof found)['total']) => ({
        ...{ by: { ...one.by }, requests: one.requests, refused_requests: one.refusedRequests },
        ...{ cost_usd: usd(one.costNanoUsd), simulated_usd: usd(one.simulatedNanoUsd) },
        saved_usd: usd(one.savedNanoUsd),
      });
      const refusals = found.refusals.map((one) => ({ ...one }));
      return { json: { total: shown(found.total), data: found.rows.map(shown), refusals } };
    },
  }),
  route({
    method: 'get',
    path: '/advice',
    summary:
      'Where money might be saved: prompts that were answered several times, input that was not cached',
    role: 'finance',
    needs: 'ledger',
    query: z.strictObject(period),
    answers: {
      200: z.strictObject({
        repeated_prompts: z.array(
          z.strictObject({
            ...{
              tenant: z.string(),
              route: z.string().nullable(),
              model: z.string(),
              prompt_hash: z.string(),
            },
            ...{ calls: z.int(), cost_usd: dollars, repeated_usd: dollars },
          }),
        ),
        cached_input: z.array(
          z.strictObject({
            ...{ route: z.string().nullable(), provider: z.string(), model: z.string() },
            ...{ input_tokens: z.int(), cached_input_tokens: z.int(), cached_share: z.number() },
          }),
        ),
      }),
    },
    run: async (call) => {
      const { services, query } = call;
      const { from, to, where = {} } = queryOf(call, query);
      const found = await services.ask(() => advice(services.database, { from, to, where }));
      return {
        json: {
          repeated_prompts: found.repeatedPrompts.map((one) => ({
            ...{ tenant: one.tenant, route: one.route, model: one.model, prompt_hash: one.promptHash },
            ...{ calls: one.calls, cost_usd: usd(one.costNanoUsd), repeated_usd: usd(one.repeatedNanoUsd) },
          })),
          cached_input: found.cachedInput.map((one) => ({
            ...{ route: one.route, provider: one.provider, model: one.model, input_tokens: one.inputTokens },
            ...{ cached_input_tokens: one.cachedInputTokens, cached_share: one.cachedShare },
          })),
        },
      };
    },
  }),
  route({
    method: 'get',
    path: '/export',
    summary: 'The usage events of a period as a file',
    role: 'finance',
    needs: 'ledger',
    query: z.strictObject({ ...period, format: z.enum(['csv', 'jsonl', 'parquet']).default('csv') }),
    answers: { 200: undefined },
    run: async (call) => {
      const { services, query } = call;
      const { from, to, where = {} } = queryOf(call, query);
      const { format } = query;
      await services.ask(() => services.database.ready());
      const file = exportEvents(services.database, { from, to, where, format });
      file.once('close', services.begin());
      const days = [from, to].map((one) => one.toISOString().slice(0, 10));
      return { file, name: `usage-${days.join('-to-')}.${format}`, contentType: contentTypes[format] };
    },
  }),
];

function whatIfLine() {
  return z.strictObject({
    ...{ by: byOf, requests: z.int(), refused_requests: z.int() },
    ...{ cost_usd: dollars, simulated_usd: dollars, saved_usd: dollars },
  });
}
