import type { Limit, LimitOverride, Plan } from '@tollgate/core';
import { overrideKinds, type RequestRate } from '@tollgate/core/internal';
import { type CapUsage, capCurve, capUsage, curveUnits } from '@tollgate/reports';
import { z } from 'zod';
import { invalid, valid } from '../api/errors.js';
import { dollars, id, listOf, moment, pageFields, usd } from '../api/fields.js';
import { type Call, route } from '../api/route.js';
import { stored } from '../api/services.js';
import { forecastsOf } from './forecasts.js';
import { checkOwn } from './tenants.js';

const plan = z.strictObject({
  name: z.string(),
  limits: z.array(
    z.strictObject({
      name: z.string(),
      unit: z.string(),
      amount: z.union([dollars, z.int()]),
      /** `month`, `day`, …; `bucket` refills steadily; `live` counts what runs. */
      window: z.string(),
      by: z.array(z.string()),
    }),
  ),
  models: z.array(z.string()).nullable(),
  max_output_tokens: z.int().nullable(),
  priority: z.number().nullable(),
});

const subject = { tenant: id, team: id.optional(), user: id.optional(), key_id: id.optional() };
const override = z.strictObject({
  ...subject,
  kind: z.enum(overrideKinds),
  limit: z.string().min(1).max(100),
  by: z.enum(['tenant', 'team', 'user', 'key']).optional(),
});

const amount = z.union([dollars, z.int()]);
const cap = z.strictObject({
  tenant: z.string(),
  team: z.string().nullable(),
  user: z.string().nullable(),
  key: z.string().nullable(),
  limit: z.string(),
  unit: z.string(),
  /** The window that runs, such as `2026-11`. */
  window: z.string(),
  /** Dollars as text for `usd`, integers for the rest. */
  cap: amount,
  used: amount,
  /** Of running requests. `null`: the counters cannot be read. */
  held: amount.nullable(),
  /** The part of `used` of calls whose end is unknown. `null`: the ledger did not answer. */
  unresolved: amount.nullable(),
  /** Used ÷ cap; above 1 where the cap was lowered. */
  share: z.number(),
  starts_at: moment,
  resets_at: moment,
  /** When the rest will be used up, where that is before the reset; for `usd` with `forecast=true`. */
  used_up_at: moment.nullable(),
  /** It is between so much before and after that, about two times of three. */
  used_up_within_ms: z.number().nullable(),
});

/** Plans, limits that differ from them, and the used amount of every cap. */
export const limitRoutes = [
  route({
    method: 'get',
    path: '/plans',
    summary: 'The plans of the app',
    role: 'viewer',
    answers: { 200: z.strictObject({ data: z.array(plan) }) },
    run: async ({ services }) => ({
      json: { data: Object.entries(services.app.plans).map(([name, one]) => planShown(name, one)) },
    }),
  }),
  route({
    method: 'get',
    path: '/overrides',
    summary: "Limits of tenants, teams, users and keys that differ from their plans'",
    role: 'viewer',
    needs: 'registry',
    query: z.strictObject({ tenant: id.optional() }),
    answers: { 200: z.strictObject({ data: z.array(override) }) },
    run: async ({ services, tenant }) => {
      const { registry } = services;
      const found = await services.ask(() =>
        registry.overrides.list({ ...(tenant !== undefined && { tenant }) }),
      );
      return { json: { data: found.map(overrideShown) } };
    },
  }),
  route({
    method: 'post',
    path: '/overrides',
    summary: 'Set a limit, in place of that of the same subject, unit, period and scope',
    role: 'operator',
    needs: 'registry',
    body: override,
    answers: { 200: changedBy(override), 202: changedBy(override) },
    run: async (call) => {
      const { services, who, body } = call;
      checkOwn(call, body.tenant);
      const { key_id: keyId, ...rest } = body;
      const own = services.registry.as(who.name);
      await services.ask(() => valid(() => own.overrides.set({ ...rest, ...(keyId && { keyId }) })));
      const confirmed_by = await services.readers('limits');
      return { status: confirmed_by.length > 0 ? 200 : 202, json: { override: body, confirmed_by } };
    },
  }),
  route({
    method: 'post',
    path: '/overrides/clear',
    summary: 'Remove the overrides of exactly this subject, of one kind or all',
    role: 'operator',
    needs: 'registry',
    body: z.strictObject({ ...subject, kind: z.enum(overrideKinds).optional() }),
    answers: { 200: cleared(), 202: cleared() },
    run: async (call) => {
      const { services, who, body } = call;
      checkOwn(call, body.tenant);
      const { key_id: keyId, ...rest } = body;
      const own = services.registry.as(who.name);
      const removed = await services.ask(() => valid(() => own.overrides.clear({ ...rest, keyId })));
      const confirmed_by = await services.readers('limits');
      return { status: confirmed_by.length > 0 ? 200 : 202, json: { removed, confirmed_by } };
    },
  }),
  route({
    method: 'get',
    path: '/caps',
    summary: 'The used and held amounts of every cap in its running window, the fullest first',
    role: 'viewer',
    needs: 'ledger',
    query: z.strictObject({
      ...pageFields,
      tenant: id.optional(),
      search: z.string().max(256).optional(),
      above: z.coerce.number().min(0).max(1).default(0),
      forecast: z.enum(['true', 'false']).default('false'),
    }),
    answers: { 200: listOf(cap) },
    run: async (call) => {
      const { services, tenant, query } = call;
      const { limit, after = '0', search, above, forecast } = query;
      if (!/^\d{1,9}$/.test(after)) throw invalid('after', '"after" must be the "next" of a page.');
      const { database, app, now } = services;
      const overrides = app.registry?.overrides;
      const asked = {
        ...{ plans: app.plans, above, now },
        ...(overrides && { overrides }),
        ...(tenant !== undefined && { tenant }),
      };
      const all = await services.askOnce(`caps ${JSON.stringify([tenant, above])}`, () =>
        capUsage(database, asked),
      );
      const wanted = search === undefined ? all : all.filter((one) => isAbout(one, search.toLowerCase()));
      const first = Number(after);
      const here = wanted.slice(first, first + limit);
      const [states, unresolved, forecasts] = await Promise.all([
        liveStates(call, here),
        unresolvedOf(call, here),
        forecast === 'true' ? forecastsOf(services, here) : [],
      ]);
      const data = here.map((one, index) => {
        const shown = (value: number) => (one.unit === 'usd' ? usd(value) : value);
        const { used: counted = 0, held } = states[index] ?? {};
        // The ledger is a moment behind, and a counter that no request has used since the start is still empty.
        const used = Math.max(counted, one.used);
        const open = unresolved?.[index];
        const end = forecasts[index];
        return {
          ...{ tenant: one.tenant, team: one.team, user: one.user, key: one.key, limit: one.limit },
          ...{ unit: one.unit, window: one.window, cap: shown(one.cap), used: shown(used) },
          held: held === undefined ? null : shown(held),
          unresolved: open === undefined ? null : shown(open),
          ...{ share: one.cap === 0 ? 1 : used / one.cap, starts_at: one.startsAt, resets_at: one.resetsAt },
          used_up_at: end ? new Date(end.reachedAtMs).toISOString() : null,
          used_up_within_ms: end ? Math.round(end.withinMs) : null,
        };
      });
      return { json: { data, next: wanted.length > first + limit ? String(first + limit) : null } };
    },
  }),
  route({
    method: 'get',
    path: '/caps/curve',
    summary: 'The growth of the used amount of a cap since the start of its window, by the ledger',
    role: 'viewer',
    needs: 'ledger',
    query: z.strictObject({
      ...{ tenant: id, team: id.optional(), user: id.optional(), key: id.optional() },
      ...{ unit: z.enum(curveUnits), from: z.iso.datetime(), to: z.iso.datetime() },
    }),
    answers: {
      200: z.strictObject({
        step_ms: z.int(),
        /** The sum at the end of each step that has begun: dollars as text for `usd`, integers for the rest. */
        data: z.array(amount),
      }),
    },
    run: async ({ services, query: { unit, from, to, ...subject } }) => {
      const window = { unit, fromMs: Date.parse(from), toMs: Date.parse(to), nowMs: services.now() };
      const curve = await services.ask(() => valid(() => capCurve(services.database, subject, window)));
      let sum = 0n;
      const data = curve.amounts.map((one) => {
        sum += BigInt(one);
        return unit === 'usd' ? usd(sum) : Number(sum);
      });
      return { json: { step_ms: curve.stepMs, data } };
    },
  }),
];

function changedBy(one: typeof override) {
  return z.strictObject({ override: one, confirmed_by: z.array(z.string()) });
}

function cleared() {
  return z.strictObject({ removed: z.int(), confirmed_by: z.array(z.string()) });
}

function planShown(name: string, one: Plan): z.output<typeof plan> {
  return {
    name,
    limits: [...one.limits.map(limitShown), ...one.requests.map(rateShown)],
    models: one.models ? [...one.models] : null,
    max_output_tokens: one.maxOutputTokens ?? null,
    priority: one.priority ?? null,
  };
}

const namesOf = (scope: Limit['scope']): string[] =>
  scope.map((part) => (typeof part === 'string' ? part : part.name));

function limitShown({ name, unit, amount: cap, window, scope }: Limit) {
  return {
    ...{ name, unit, amount: unit === 'usd' ? usd(cap) : cap },
    ...{ window: window.kind === 'calendar' ? window.period : window.kind, by: namesOf(scope) },
  };
}

const rateShown = ({ name, amount: cap, windowMs, scope }: RequestRate) => ({
  ...{ name, unit: 'requests', amount: cap, window: `${windowMs / 1_000} s`, by: namesOf(scope) },
});

const overrideShown = ({ keyId, ...rest }: LimitOverride): object => ({
  ...rest,
  ...(keyId !== undefined && { key_id: keyId }),
});

const isAbout = ({ tenant, team, user, key, limit }: CapUsage, text: string): boolean =>
  [tenant, team, user, key, limit].some((one) => one?.toLowerCase().includes(text));

/** The counters themselves, which know what is held; nothing for a tenant whose counters cannot be read. */
async function liveStates(
  { services }: Pick<Call<unknown, unknown>, 'services'>,
  caps: readonly CapUsage[],
): Promise<readonly ({ used: number; held: number } | undefined)[]> {
  const { store } = services.app;
  const byTenant = new Map<string, number[]>();
  for (const [index, { tenant }] of caps.entries()) {
    byTenant.set(tenant, [...(byTenant.get(tenant) ?? []), index]);
  }
  const found: ({ used: number; held: number } | undefined)[] = caps.map(() => undefined);
  await Promise.all(
    [...byTenant].map(async ([tenant, places]) => {
      const counters = places.map((place) => (caps[place] as CapUsage).counter);
      const states = await stored(store.read(tenant, counters)).catch(() => []);
      for (const [index, place] of places.entries()) found[place] = states[index];
    }),
  );
  return found;
}

async function unresolvedOf(
  { services, tenant }: Pick<Call<unknown, unknown>, 'services' | 'tenant'>,
  caps: readonly CapUsage[],
): Promise<readonly number[] | undefined> {
  if (caps.length === 0) return [];
  const windows = caps.map(({ counter, window }) => ({ counter: counter.counter, window }));
  const { ledger } = services.app;
  return services.ask(async () => (await ledger?.unresolvedIn(tenant, windows)) ?? []).catch(() => undefined);
}
