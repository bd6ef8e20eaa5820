import { processName } from '@tollgate/core/internal';
import { z } from 'zod';
import { dollars, id, isoOf, moment, usd } from '../api/fields.js';
import { route } from '../api/route.js';

/** Counts of this process. */
export const liveRoutes = [
  route({
    method: 'get',
    path: '/refusals',
    summary: 'Requests that this process has refused, by code and tenant, the most frequent first',
    role: 'viewer',
    query: z.strictObject({
      tenant: id.optional(),
      hours: z.coerce.number().int().min(1).max(24).default(24),
    }),
    answers: {
      200: z.strictObject({
        process: z.string(),
        /** Since when it counts. */
        since: moment,
        data: z.array(
          z.strictObject({
            code: z.string(),
            status: z.int(),
            tenant: z.string().nullable(),
            count: z.int(),
            /** The most that they might have cost, of those that were priced before they were refused. */
            asked_usd: dollars,
          }),
        ),
      }),
    },
    run: async ({ services: { live }, tenant, query: { hours } }) => {
      const data = live.refusals(hours, tenant).map(({ askedNanoUsd, ...one }) => ({
        ...{ ...one, tenant: one.tenant ?? null },
        asked_usd: usd(askedNanoUsd),
      }));
      return { json: { process: processName, since: isoOf(live.sinceMs), data: data.slice(0, 1_000) } };
    },
  }),
  route({
    method: 'get',
    path: '/providers',
    summary: 'How providers answer this process: attempts, failures, latencies, breakers',
    role: 'viewer',
    tenants: 'all',
    answers: {
      200: z.strictObject({
        process: z.string(),
        since: moment,
        data: z.array(
          z.strictObject({
            provider: z.string(),
            attempts: z.int(),
            failed: z.int(),
            retries: z.int(),
            p50_ms: z.number().nullable(),
            p95_ms: z.number().nullable(),
            first_byte_p50_ms: z.number().nullable(),
            last_failure: z
              .strictObject({ at: moment, status: z.int(), code: z.string().nullable() })
              .nullable(),
          }),
        ),
        breakers: z.array(z.strictObject({ target: z.string(), state: z.string(), at: moment })),
      }),
    },
    run: async ({ services: { live } }) => ({
      json: {
        ...{ process: processName, since: isoOf(live.sinceMs) },
        data: live.providers().map((one) => ({
          ...{ provider: one.provider, attempts: one.attempts, failed: one.failed, retries: one.retries },
          ...{ p50_ms: one.p50Ms ?? null, p95_ms: one.p95Ms ?? null },
          first_byte_p50_ms: one.firstByteP50Ms ?? null,
          last_failure: one.lastFailure
            ? {
                ...{ at: isoOf(one.lastFailure.atMs), status: one.lastFailure.status },
                code: one.lastFailure.code ?? null,
              }
            : null,
        })),
        breakers: live.breakers().map(({ atMs, ...rest }) => ({ ...rest, at: isoOf(atMs) })),
      },
    }),
  }),
];
