import { acceptUnresolved, unresolvedAttempts } from '@tollgate/postgres';
import type { Dimension, UsageSum } from '@tollgate/reports';
import { z } from 'zod';
import { notFound } from '../api/errors.js';
import { dollars, id, isoOf, moment, usd } from '../api/fields.js';
import { adminRoles } from '../api/identity.js';
import { route } from '../api/route.js';

const dayMs = 86_400_000;

const spend = z.strictObject({
  cost_usd: dollars,
  calls: z.int(),
  unconfirmed_usd: dollars,
});

const attempt = z.strictObject({
  event_id: z.string(),
  request_id: z.string(),
  tenant: z.string(),
  provider: z.string(),
  model: z.string(),
  admitted_at: moment,
  estimate_usd: dollars,
  unresolved_usd: dollars,
});

/** Who asks, how the app is, and what is not settled yet. */
export const overviewRoutes = [
  route({
    method: 'get',
    path: '/me',
    summary: 'Who is asking, and what this app can show',
    role: 'viewer',
    answers: {
      200: z.strictObject({
        name: z.string(),
        role: z.enum(adminRoles),
        tenant: z.string().nullable(),
        has: z.strictObject({
          ...{ ledger: z.boolean(), registry: z.boolean(), switch: z.boolean(), jobs: z.boolean() },
        }),
      }),
    },
    run: async ({ who, services: { app } }) => ({
      json: {
        ...{ name: who.name, role: who.role, tenant: who.tenant ?? null },
        has: { ledger: !!app.ledger, registry: !!app.registry, switch: !!app.switch, jobs: !!app.jobs },
      },
    }),
  }),
  route({
    method: 'get',
    path: '/overview',
    summary:
      'Spend today, this month and in the month before up to the same time (UTC), refusals, and the state of this process',
    role: 'viewer',
    query: z.strictObject({ tenant: id.optional() }),
    answers: {
      200: z.strictObject({
        at: moment,
        today: spend.nullable(),
        month: spend.nullable(),
        previous_month: spend.nullable(),
        /** `null`: too early in the month, or nothing was spent. */
        forecast: z.strictObject({ month_usd: dollars, low_usd: dollars, high_usd: dollars }).nullable(),
        /** Refused by this process in the last 24 hours. */
        refusals: z.int(),
        process: z
          .strictObject({
            ready: z.boolean(),
            in_flight: z.int(),
            unverified: z.int(),
            from_grace: z.int(),
            spool_full: z.boolean().nullable(),
            dropped_events: z.int().nullable(),
          })
          .describe('Only for those who see all tenants')
          .nullable(),
      }),
    },
    run: async ({ services, tenant, who }) => {
      const { app, live } = services;
      const nowMs = services.now();
      const now = new Date(nowMs);
      const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
      const [beforeMs, monthMs, nextMs] = [-1, 0, 1].map((one) => Date.UTC(year, month + one)) as [
        number,
        number,
        number,
      ];
      const todayMs = Math.floor(nowMs / dayMs) * dayMs;
      const only = tenant === undefined ? {} : { where: { tenant } };
      const sumsOf = (fromMs: number, toMs: number, by: readonly Dimension[]) =>
        services.ask(() =>
          services.reports.usage({ from: new Date(fromMs), to: new Date(toMs), by, ...only }),
        );
      // At the first moment of a month nothing of it has passed.
      const [daily, previous] = app.ledger
        ? await Promise.all([
            // Nothing is of a later time: to the end of the day, the kept sums are enough.
            sumsOf(Math.min(monthMs, todayMs - 28 * dayMs), todayMs + dayMs, ['day']),
            sumsOf(beforeMs, Math.min(monthMs, beforeMs + (nowMs - monthMs) + 1), []),
          ])
        : [undefined, undefined];
      const since = (fromMs: number) => daily && added(daily.filter(({ by }) => dayOf(by) >= fromMs));
      const [today, thisMonth] = [since(todayMs) ?? null, since(monthMs) ?? null];
      const earlier = (daily ?? []).filter(
        ({ by }) => dayOf(by) < todayMs && dayOf(by) >= todayMs - 28 * dayMs,
      );
      const days = earlier.map(({ by, costNanoUsd }) => ({
        dayMs: dayOf(by),
        usd: Number(costNanoUsd) / 1e9,
      }));
      return {
        json: {
          at: now.toISOString(),
          ...{ today, month: thisMonth, previous_month: (previous && added(previous)) ?? null },
          forecast: thisMonth && forecastOf(Number(thisMonth.cost_usd), days, nowMs, nextMs),
          refusals: live.refusals(24, tenant).reduce((total, one) => total + one.count, 0),
          process:
            who.tenant === undefined
              ? {
                  ...{ ready: app.isReady, in_flight: app.inFlight, unverified: app.unverified },
                  from_grace: app.fromGrace,
                  spool_full: app.ledger ? app.ledger.isFull : null,
                  dropped_events: app.ledger ? app.ledger.droppedCount : null,
                }
              : null,
        },
      };
    },
  }),
  route({
    method: 'get',
    path: '/unresolved',
    summary: 'Attempts whose end is unknown, oldest first: what their counters keep beyond the estimate',
    role: 'viewer',
    needs: 'ledger',
    query: z.strictObject({
      tenant: id.optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(50),
    }),
    answers: { 200: z.strictObject({ data: z.array(attempt), has_more: z.boolean() }) },
    run: async ({ services, tenant, query: { limit } }) => {
      const found = await services.ask(() =>
        unresolvedAttempts(services.database, { tenant, limit: limit + 1 }),
      );
      const data = found.slice(0, limit).map((one) => ({
        ...{ event_id: one.eventId, request_id: one.requestId, tenant: one.tenant, provider: one.provider },
        ...{ model: one.model, admitted_at: one.admittedAt },
        ...{ estimate_usd: usd(one.costNanoUsd), unresolved_usd: usd(one.unresolvedNanoUsd) },
      }));
      return { json: { data, has_more: found.length > limit } };
    },
  }),
  route({
    method: 'post',
    path: '/unresolved/{event_id}/accept',
    summary:
      'Take the estimate, or nothing, for the usage of an attempt whose end is unknown; waives the cap for that call',
    role: 'operator',
    tenants: 'all', // it lowers a bill
    needs: 'ledger',
    body: z.strictObject({ as: z.enum(['estimate', 'zero']) }),
    answers: { 200: z.strictObject({ event_id: z.string(), changed: z.boolean(), cost_usd: dollars }) },
    refusals: [404],
    run: async (call) => {
      const { services, who, params, body } = call;
      const { event_id: eventId = '' } = params;
      const { database, app, now } = services;
      const acceptance = { eventId, as: body.as, actor: who.name, store: app.store, now };
      const done = await services.ask(async () => {
        try {
          return await acceptUnresolved(database, acceptance);
        } catch (error) {
          if (error instanceof RangeError) throw notFound('There is no such attempt.');
          throw error;
        }
      });
      return { json: { event_id: done.eventId, changed: done.changed, cost_usd: usd(done.costNanoUsd) } };
    },
  }),
  route({
    method: 'get',
    path: '/audit',
    summary: 'The audit trail, newest first',
    role: 'viewer',
    needs: 'registry',
    query: z.strictObject({
      tenant: id.optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(50),
      after: z.guid().optional(),
    }),
    answers: {
      200: z.strictObject({
        data: z.array(
          z.strictObject({
            id: z.string(),
            at: moment,
            actor: z.string(),
            action: z.string(),
            tenant: z.string().nullable(),
            subject: z.string(),
            facts: z.record(z.string(), z.unknown()),
          }),
        ),
        next: z.string().nullable(),
      }),
    },
    run: async ({ services, tenant, query: { limit, after } }) => {
      const { registry } = services;
      const found = await services.ask(() => registry.audit({ tenant, before: after, limit: limit + 1 }));
      const here = found.slice(0, limit);
      const data = here.map(({ at, tenant: of, facts, ...rest }) => ({
        ...rest,
        ...{ at: isoOf(at.getTime()), tenant: of ?? null, facts: { ...facts } },
      }));
      return { json: { data, next: found.length > limit ? (here.at(-1)?.id ?? null) : null } };
    },
  }),
];

const dayOf = (by: UsageSum['by']): number => Date.parse(by.day ?? '');

function added(sums: readonly UsageSum[]): z.output<typeof spend> {
  let [cost, unconfirmed, calls] = [0n, 0n, 0];
  for (const one of sums) {
    cost += BigInt(one.costNanoUsd);
    unconfirmed += BigInt(one.unconfirmedNanoUsd);
    calls += one.calls;
  }
  return { cost_usd: usd(cost), calls, unconfirmed_usd: usd(unconfirmed) };
}

/**
 * The month's spend at its end: what is spent, and for each day that is left the mean of the same weekday in the last four weeks, or of all
 * days where that weekday had none. The band is twice the standard deviation of a day, for independent days.
 */
function forecastOf(
  spent: number,
  daily: readonly { dayMs: number; usd: number }[],
  nowMs: number,
  nextMs: number,
): object | null {
  if (daily.length < 3) return null;
  const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
  const weekday = (ms: number) => new Date(ms).getUTCDay();
  const usual = (ms: number) => {
    const same = daily.filter((one) => weekday(one.dayMs) === weekday(ms)).map((one) => one.usd);
    return mean(same.length > 0 ? same : daily.map((one) => one.usd));
  };
  let left = 0;
  let days = 0;
  for (let atMs = nowMs; atMs < nextMs; atMs = (Math.floor(atMs / dayMs) + 1) * dayMs) {
    const share = ((Math.floor(atMs / dayMs) + 1) * dayMs - atMs) / dayMs;
    left += usual(atMs) * share;
    days += share;
  }
  const deviation = Math.sqrt(mean(daily.map((one) => (one.usd - usual(one.dayMs)) ** 2)));
  const band = 2 * deviation * Math.sqrt(days);
  const shown = (value: number) => usd(BigInt(Math.max(0, Math.round(value * 1e9))));
  return {
    month_usd: shown(spent + left),
    low_usd: shown(spent + Math.max(0, left - band)),
    high_usd: shown(spent + left + band),
  };
}
