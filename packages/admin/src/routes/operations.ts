import { processName } from '@tollgate/core/internal';
import { priceCatalogue } from '@tollgate/meter';
import { type PriceBand, perMillion } from '@tollgate/meter/internal';
import { z } from 'zod';
import { dollars, id, isoOf, moment, usd } from '../api/fields.js';
import { route } from '../api/route.js';
import { stored } from '../api/services.js';

const limit = z.coerce.number().int().min(1).max(1_000).default(100);
const perMillionTokens = z.string().regex(/^\d+\.\d{2,6}$/);

const band = z.strictObject({
  /** It holds for calls with a longer input than this; `null`: any. */
  above_input_tokens: z.int().nullable(),
  ...{ input: perMillionTokens, cached_input: perMillionTokens, cache_write: perMillionTokens },
  ...{ output: perMillionTokens, reasoning: perMillionTokens },
});

/** Providers that are asked where a query names none. */
const usualProviders = [
  'openai',
  'anthropic',
  'google',
  'azure',
  'aws',
  'mistral',
  'x-ai',
  'deepseek',
  'groq',
];

/** What runs and waits, and what it costs. */
export const operationRoutes = [
  route({
    method: 'get',
    path: '/reservations',
    summary: 'Requests of this process that hold a reservation now, the oldest first',
    role: 'viewer',
    query: z.strictObject({ tenant: id.optional(), limit }),
    answers: {
      200: z.strictObject({
        process: z.string(),
        count: z.int(),
        data: z.array(
          z.strictObject({
            request_id: z.string(),
            ...{ tenant: z.string(), team: z.string().nullable(), user: z.string().nullable() },
            ...{ key_id: z.string().nullable(), plan: z.string(), route: z.string().nullable() },
            started_at: moment,
            /** In the store. */
            reservation_ids: z.array(z.string()),
            /** Under way. */
            calls: z.int(),
            /** The most that they may cost. */
            estimate_usd: dollars,
            /** So far, as far as it is known. */
            cost_usd: dollars,
          }),
        ),
      }),
    },
    run: async ({ services: { app }, tenant, query }) => {
      const running = (app.running?.() ?? []).filter((one) => tenant === undefined || one.tenant === tenant);
      const oldest = running
        .sort((one, other) => one.startedAtMs - other.startedAtMs)
        .slice(0, query.limit)
        .map((one) => ({
          ...{
            request_id: one.requestId,
            tenant: one.tenant,
            team: one.team ?? null,
            user: one.user ?? null,
          },
          ...{ key_id: one.keyId ?? null, plan: one.plan, route: one.route ?? null },
          ...{ started_at: isoOf(one.startedAtMs), reservation_ids: [...one.reservations], calls: one.calls },
          ...{ estimate_usd: usd(one.estimateNanoUsd), cost_usd: usd(one.costNanoUsd) },
        }));
      return { json: { process: processName, count: running.length, data: oldest } };
    },
  }),
  route({
    method: 'get',
    path: '/jobs',
    summary: 'Deferred requests, the newest first, without their prompts and answers',
    role: 'viewer',
    needs: 'jobs',
    query: z.strictObject({ tenant: id.optional(), limit }),
    answers: {
      200: z.strictObject({
        data: z.array(
          z.strictObject({
            ...{ id: z.string(), tenant: z.string(), key_id: z.string().nullable(), plan: z.string() },
            status: z.enum(['queued', 'running', 'completed', 'failed', 'cancelled', 'expired']),
            ...{ created_at: moment, expires_at: moment, due_at: moment.nullable() },
            ...{ ended_at: moment.nullable(), tries: z.int(), error: z.string().nullable() },
          }),
        ),
      }),
    },
    run: async ({ services: { jobs }, tenant, query }) => {
      const found = await stored(jobs.list({ tenant, limit: query.limit }));
      // A queue of the app's own may not know the filter.
      const own = found.filter((one) => tenant === undefined || one.tenant === tenant);
      const data = own.map((one) => ({
        ...{ id: one.id, tenant: one.tenant, key_id: one.keyId ?? null, plan: one.plan, status: one.status },
        ...{ created_at: isoOf(one.createdAtMs), expires_at: isoOf(one.expiresAtMs) },
        ...{ due_at: isoOf(one.dueAtMs), ended_at: isoOf(one.endedAtMs) },
        ...{ tries: one.tries, error: one.error ?? null },
      }));
      return { json: { data } };
    },
  }),
  route({
    method: 'get',
    path: '/backlog',
    summary: 'The backlog before the ledger: settlements, the spool of this machine, the outbox on Redis',
    role: 'viewer',
    tenants: 'all',
    answers: {
      200: z.strictObject({
        process: z.string(),
        /** Of this process, which the shared counters have not taken yet. */
        settlements: z.int(),
        /** On this machine's disk, with the number that no row can hold. `null`: there is no spool. */
        spool: z.strictObject({ waiting: z.int(), bytes: z.int(), refused: z.int() }).nullable(),
        /** On Redis, with the number that sinks kept refusing. `null`: this process delivers none. */
        outbox: z.strictObject({ waiting: z.int(), dead: z.int() }).nullable(),
      }),
    },
    refusals: [503],
    run: async ({ services: { app } }) => {
      const found = await stored(app.backlog?.() ?? { settlements: 0, spool: undefined, outbox: undefined });
      const { settlements, spool = null, outbox = null } = found;
      return { json: { process: processName, settlements, spool, outbox } };
    },
  }),
  route({
    method: 'get',
    path: '/prices',
    summary: 'The present price of a model in dollars per million tokens, at each provider that has one',
    role: 'viewer',
    query: z.strictObject({
      model: z.string().min(1).max(256),
      provider: z.string().min(1).max(64).optional(),
    }),
    answers: {
      200: z.strictObject({
        data: z.array(
          z.strictObject({
            ...{ provider: z.string(), model: z.string(), version: z.string() },
            /** By the app itself. */
            declared: z.boolean(),
            free: z.boolean(),
            context_window: z.int().nullable(),
            bands: z.array(band),
          }),
        ),
      }),
    },
    run: async ({ services: { app, now }, query: { model, provider } }) => {
      const book = app.prices ?? priceCatalogue({ now });
      const found = (provider === undefined ? usualProviders : [provider]).flatMap(
        (one) => book.find(one, model, now()) ?? [],
      );
      const data = found.map((one) => ({
        ...{ provider: one.provider, model: one.model, version: one.version, declared: one.declared },
        ...{ free: one.free, context_window: one.contextWindow ?? null, bands: one.bands.map(bandShown) },
      }));
      return { json: { data } };
    },
  }),
];

const bandShown = (one: PriceBand): z.output<typeof band> => ({
  above_input_tokens: one.above < 0 ? null : one.above,
  ...{ input: perMillion(one.input), cached_input: perMillion(one.cachedInput) },
  ...{ cache_write: perMillion(one.cacheWrite), output: perMillion(one.output) },
  reasoning: perMillion(one.reasoning),
});
