import {
  type Attempt,
  type Dimension,
  listAttempts,
  type UsageQuery,
  type UsageSum,
} from '@tollgate/reports';
import { z } from 'zod';
import { invalid, valid } from '../api/errors.js';
import { dollars, id, listOf, moment, momentIn, page, pageFields, timeZone, usd } from '../api/fields.js';
import { type Call, route } from '../api/route.js';

const dayMs = 86_400_000;
const usualDays = 30;
/** A year and a month. */
const mostDays = 400;

const period = { from: momentIn.optional(), to: momentIn.optional(), time_zone: timeZone };
/** Narrows usage to these values. */
const where = {
  tenant: id.optional(),
  team: id.optional(),
  user: id.optional(),
  key: id.optional(),
  plan: id.optional(),
  route: id.optional(),
  feature: id.optional(),
  provider: id.optional(),
  model: id.optional(),
  outcome: id.optional(),
};
const conditions = Object.keys(where) as (keyof typeof where)[];
const by = z
  .string()
  .max(500)
  .default('')
  .describe(
    'Dimensions, separated by commas: tenant, team, user, key, plan, route, feature, provider, model, outcome, label:<name>, day, week, month',
  );

/** Values of the last dimension. */
const valuesOf = z
  .string()
  .max(20_000)
  .transform((text, context) => {
    const { data } = z.array(z.string().max(1_000).nullable()).min(1).max(20).safeParse(jsonIn(text));
    if (!data) context.addIssue('must be a JSON array of 1 to 20 texts, or null for none');
    return data ?? [];
  })
  .describe('Only these values of the last dimension, as a JSON array such as ["acme",null]');

const sum = z.strictObject({
  by: z.record(z.string(), z.string().nullable()),
  calls: z.int(),
  attempts: z.int(),
  input_tokens: z.int(),
  cached_input_tokens: z.int(),
  cache_write_tokens: z.int(),
  output_tokens: z.int(),
  reasoning_tokens: z.int(),
  cost_usd: dollars,
  /** The part of the cost that no provider has confirmed. */
  unconfirmed_usd: dollars,
});

const asked = { from: moment, to: moment, time_zone: z.string() };

const attempt = z.strictObject({
  event_id: z.string(),
  request_id: z.string(),
  attempt: z.int(),
  admitted_at: moment,
  tenant: z.string(),
  team: z.string().nullable(),
  user: z.string().nullable(),
  key: z.string().nullable(),
  plan: z.string(),
  route: z.string().nullable(),
  provider: z.string(),
  requested_model: z.string(),
  model: z.string(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  cost_usd: dollars,
  unresolved_usd: dollars,
  source: z.string(),
  status: z.int(),
  outcome: z.string(),
  stream: z.boolean(),
  latency_ms: z.number(),
});

/** Usage over time, what has changed, and single attempts. */
export const usageRoutes = [
  route({
    method: 'get',
    path: '/usage',
    summary: 'Usage and its cost, by any combination of dimensions',
    role: 'viewer',
    needs: 'ledger',
    query: z.strictObject({
      ...period,
      ...where,
      by,
      values: valuesOf.optional(),
      limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
    }),
    answers: { 200: z.strictObject({ ...asked, has_more: z.boolean(), data: z.array(sum) }) },
    run: async (call) => {
      const { services, query } = call;
      const wanted = queryOf(call, query);
      const { limit, values } = query;
      const dimensions = dimensionsIn(query.by);
      const last = dimensions.at(-1);
      const { where: only = {} } = wanted;
      // What the caller may see, or has asked for by name, is narrower.
      const narrowed = values && last !== undefined && !Object.hasOwn(only, last) ? { [last]: values } : {};
      const asked = { ...wanted, where: { ...narrowed, ...only }, by: dimensions, limit: limit + 1 };
      const sums = await services.ask(() => valid(() => services.reports.usage(asked)));
      return {
        json: {
          ...shownPeriod(wanted),
          has_more: sums.length > limit,
          data: dearest(sums, limit).map(sumShown),
        },
      };
    },
  }),
  route({
    method: 'get',
    path: '/movers',
    summary: 'The largest changes against the period of the same length before',
    role: 'viewer',
    needs: 'ledger',
    query: z.strictObject({
      ...period,
      ...where,
      by,
      limit: z.coerce.number().int().min(1).max(1_000).default(10),
    }),
    answers: {
      200: z.strictObject({
        ...asked,
        data: z.array(
          z.strictObject({
            by: z.record(z.string(), z.string().nullable()),
            cost_usd: dollars,
            previous_usd: dollars,
            change_usd: dollars,
          }),
        ),
      }),
    },
    run: async (call) => {
      const { services, query } = call;
      const wanted = queryOf(call, query);
      const asked = {
        ...wanted,
        by: dimensionsIn(query.by === '' ? 'tenant' : query.by),
        limit: query.limit,
      };
      const movers = await services.ask(() => valid(() => services.reports.topMovers(asked)));
      const data = movers.map(({ by: of, costNanoUsd, previousNanoUsd, changeNanoUsd }) => ({
        ...{ by: of, cost_usd: usd(costNanoUsd) },
        ...{ previous_usd: usd(previousNanoUsd), change_usd: usd(changeNanoUsd) },
      }));
      return { json: { ...shownPeriod(wanted), data } };
    },
  }),
  route({
    method: 'get',
    path: '/attempts',
    summary: 'Single attempts, newest first: ids and figures, never prompts',
    role: 'viewer',
    needs: 'ledger',
    query: z.strictObject({ ...pageFields, ...period, ...where, after: z.guid().optional() }),
    answers: { 200: listOf(attempt) },
    run: async (call) => {
      const { services, query } = call;
      const { limit, after } = query;
      const { from, to, where: only = {} } = queryOf(call, query);
      const wanted = { from, to, where: only, before: after, limit: limit + 1 };
      const found = await services.ask(() => valid(() => listAttempts(services.database, wanted)));
      return { json: page(found, limit, { shown: attemptShown, cursor: (one) => one.eventId }) };
    },
  }),
];

type Conditions = { readonly [Name in keyof typeof where]?: string | undefined };
interface Period {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly time_zone: string;
}

/** The query of a report: the last 30 days unless it says otherwise, and only of the tenant that the caller may see. */
export function queryOf(
  { services, tenant }: Pick<Call<unknown, unknown>, 'services' | 'tenant'>,
  query: Period & Conditions,
): UsageQuery & { from: Date; to: Date } {
  const to = query.to === undefined ? services.now() : Date.parse(query.to);
  const from = query.from === undefined ? to - usualDays * dayMs : Date.parse(query.from);
  if (from >= to) throw invalid('from', '"from" must be before "to".');
  if (to - from > mostDays * dayMs)
    throw invalid('from', `At most ${mostDays} days can be asked for at once.`);
  const only: Record<string, string> = {};
  for (const name of conditions) if (query[name] !== undefined) only[name] = query[name];
  if (tenant !== undefined) only.tenant = tenant;
  return { from: new Date(from), to: new Date(to), timeZone: query.time_zone, where: only };
}

function dimensionsIn(text: string): Dimension[] {
  const names = text === '' ? [] : text.split(',').map((name) => name.trim());
  if (names.length > 5) throw invalid('by', '"by" takes at most 5 dimensions.');
  return names as Dimension[];
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const shownPeriod = ({ from, to, timeZone: zone = 'UTC' }: ReturnType<typeof queryOf>) => ({
  ...{ from: from.toISOString(), to: to.toISOString(), time_zone: zone },
});

/** The dearest sums, in their order. */
function dearest(sums: readonly UsageSum[], most: number): readonly UsageSum[] {
  if (sums.length <= most) return sums;
  let cheapest = sums[0];
  for (const one of sums) if (Number(one.costNanoUsd) <= Number(cheapest?.costNanoUsd)) cheapest = one;
  return sums.filter((one) => one !== cheapest);
}

function sumShown(one: UsageSum): z.output<typeof sum> {
  return {
    ...{ by: { ...one.by }, calls: one.calls, attempts: one.attempts, input_tokens: one.inputTokens },
    ...{ cached_input_tokens: one.cachedInputTokens, cache_write_tokens: one.cacheWriteTokens },
    ...{ output_tokens: one.outputTokens, reasoning_tokens: one.reasoningTokens },
    ...{ cost_usd: usd(one.costNanoUsd), unconfirmed_usd: usd(one.unconfirmedNanoUsd) },
  };
}

function attemptShown(one: Attempt): z.output<typeof attempt> {
  return {
    ...{
      event_id: one.eventId,
      request_id: one.requestId,
      attempt: one.attempt,
      admitted_at: one.admittedAt,
    },
    ...{ tenant: one.tenant, team: one.team, user: one.user, key: one.key, plan: one.plan, route: one.route },
    ...{ provider: one.provider, requested_model: one.requestedModel, model: one.model },
    ...{ input_tokens: one.inputTokens, output_tokens: one.outputTokens, cost_usd: usd(one.costNanoUsd) },
    ...{ unresolved_usd: usd(one.unresolvedNanoUsd), source: one.source, status: one.status },
    ...{ outcome: one.outcome, stream: one.stream, latency_ms: one.latencyMs },
  };
}
