import type { ListedKey } from '@tollgate/postgres';
import { z } from 'zod';
import { forbidden, invalid, notFound, valid } from '../api/errors.js';
import { id, isoOf, listOf, moment, page, pageFields } from '../api/fields.js';
import { type Call, route } from '../api/route.js';
import { checkOwn } from './tenants.js';

const key = z.strictObject({
  key_id: z.string(),
  name: z.string().nullable(),
  tenant: z.string(),
  team: z.string().nullable(),
  user: z.string().nullable(),
  plan: z.string(),
  scopes: z.array(z.string()),
  /** `null`: those of the plan. */
  models: z.array(z.string()).nullable(),
  labels: z.record(z.string(), z.string()),
  status: z.enum(['active', 'disabled', 'expired', 'revoked']),
  created_at: moment,
  expires_at: moment.nullable(),
  disabled_at: moment.nullable(),
  revoked_at: moment.nullable(),
  /** Until when the secret before the last rotation is accepted. */
  overlap_ends_at: moment.nullable(),
});

/** A change that processes confirm: 200, or 202 where none has in time. */
const changed = z.strictObject({ key, confirmed_by: z.array(z.string()) });
/** The secret, which is shown once. `confirmed_by`: the processes that know it, as far as they have said so. */
const issued = z.strictObject({ key, secret: z.string(), confirmed_by: z.array(z.string()) });
const test = z.boolean().default(false).describe('tg_test_… instead of tg_live_…');

const dayMs = 86_400_000;

/** API keys: their secrets are shown when they are made, and never again. */
export const keyRoutes = [
  route({
    method: 'get',
    path: '/keys',
    summary: 'Keys without their secrets, oldest first',
    role: 'viewer',
    needs: 'registry',
    query: z.strictObject({ ...pageFields, tenant: id.optional(), search: z.string().max(256).optional() }),
    answers: { 200: listOf(key) },
    run: async ({ services, tenant, query: { limit, after, search } }) => {
      const { registry } = services;
      const found = await services.ask(() => registry.keys.list({ tenant, search, after, limit: limit + 1 }));
      const nowMs = services.now();
      return { json: page(found, limit, { shown: (one) => shown(one, nowMs), cursor: (one) => one.keyId }) };
    },
  }),
  route({
    method: 'post',
    path: '/keys',
    summary: 'Make a key; the answer is the only time that its secret is shown',
    role: 'operator',
    needs: 'registry',
    body: z.strictObject({
      tenant: id,
      plan: z.string().min(1).max(256),
      team: id.optional(),
      user: id.optional(),
      name: z.string().max(1_000).optional(),
      scopes: z.array(z.string().min(1).max(256)).max(100).optional(),
      models: z.array(z.string().min(1).max(256)).max(1_000).optional(),
      labels: z.record(z.string(), z.string().max(1_000)).optional(),
      expires_at: z.iso.datetime({ offset: true }).optional(),
      test,
    }),
    answers: { 201: issued },
    run: async (call) => {
      const { services, who, body } = call;
      checkOwn(call, body.tenant);
      checkScopes(call, body.scopes ?? []);
      if (!Object.hasOwn(services.app.plans, body.plan)) {
        throw invalid('plan', `"plan" must be one of ${Object.keys(services.app.plans).join(', ')}.`);
      }
      const { expires_at, test: isTest, ...facts } = body;
      const expiresAtMs = expires_at === undefined ? undefined : Date.parse(expires_at);
      const own = services.registry.as(who.name);
      const made = await services.ask(() =>
        valid(() => own.keys.create({ ...facts, expiresAtMs, live: !isTest })),
      );
      // The secret is lost where this answer fails: what is known already stands in for a second look.
      const listed = {
        ...facts,
        keyId: made.keyId,
        scopes: body.scopes ?? [],
        expiresAtMs,
        createdAtMs: services.now(),
      };
      const none = { revokedAtMs: undefined, disabledAtMs: undefined, overlapEndsAtMs: undefined };
      const known = shown({ ...none, name: undefined, ...listed }, services.now());
      const key = await keyOf(call, made.keyId).catch(() => known);
      return { status: 201, json: { key, secret: made.key, confirmed_by: await readersOfSecret(services) } };
    },
  }),
  route({
    method: 'post',
    path: '/keys/{key_id}/rotate',
    summary: 'Give a key a new secret; the one before it is accepted during the overlap',
    role: 'operator',
    needs: 'registry',
    body: z.strictObject({
      overlap_ms: z
        .int()
        .min(0)
        .max(90 * dayMs)
        .default(dayMs),
      test,
    }),
    answers: { 200: issued },
    refusals: [404],
    run: async (call) => {
      const { services, who, params, body } = call;
      const { key_id: keyId = '' } = params;
      const before = await keyOf(call, keyId);
      checkScopes(call, before.scopes); // its secret opens what they open
      if (before.status === 'revoked')
        throw invalid('key_id', 'A revoked key cannot be rotated; make a new one.');
      const own = services.registry.as(who.name);
      const made = await services.ask(() =>
        own.keys.rotate(keyId, { overlapMs: body.overlap_ms, live: !body.test }),
      );
      const known = { ...before, overlap_ends_at: isoOf(services.now() + body.overlap_ms) };
      const key = await keyOf(call, keyId).catch(() => known);
      return { json: { key, secret: made.key, confirmed_by: await readersOfSecret(services) } };
    },
  }),
  route({
    method: 'post',
    path: '/keys/{key_id}/expire',
    summary: 'Refuse a key from a time on',
    role: 'operator',
    needs: 'registry',
    body: z.strictObject({ at: z.iso.datetime({ offset: true }) }),
    answers: { 200: changed, 202: changed },
    refusals: [404],
    run: async (call) => {
      const { services, who, params, body } = call;
      const { key_id: keyId = '' } = params;
      await keyOf(call, keyId);
      await services.ask(() => services.registry.as(who.name).keys.expire(keyId, Date.parse(body.at)));
      const readers = await services.readers('keys');
      return {
        status: readers.length > 0 ? 200 : 202,
        json: { key: await keyOf(call, keyId), confirmed_by: readers },
      };
    },
  }),
  ...(
    [
      ['disable', 'Refuse a key until it is enabled again'],
      ['enable', 'Accept a disabled key again'],
      ['revoke', 'Refuse a key from now on, for good'],
    ] as const
  ).map(([action, summary]) =>
    route({
      method: 'post',
      path: `/keys/{key_id}/${action}`,
      summary,
      role: 'operator',
      needs: 'registry',
      answers: { 200: changed, 202: changed },
      refusals: [404],
      run: async (call) => {
        const { services, who, params } = call;
        const { key_id: keyId = '' } = params;
        const { status } = await keyOf(call, keyId);
        if (action === 'enable' && status === 'revoked') {
          throw invalid('key_id', 'A revoked key stays revoked; make a new one.');
        }
        const own = services.registry.as(who.name);
        await services.ask(() => own.keys[action](keyId));
        const readers = await services.readers('keys');
        const json = { key: await keyOf(call, keyId), confirmed_by: readers };
        return { status: readers.length > 0 ? 200 : 202, json };
      },
    }),
  ),
];

/** The processes that know a new secret: waited for only briefly, and never at the price of the secret, which is in this answer alone. */
const readersOfSecret = (services: Call<unknown, unknown>['services']): Promise<readonly string[]> =>
  services.readers('keys', secretMs).catch(() => []);

const secretMs = 1_000;

/** Throws a 403 for a scope that an operator who is limited to a tenant may not give. */
function checkScopes(
  { services, who }: Pick<Call<unknown, unknown>, 'services' | 'who'>,
  scopes: readonly string[],
) {
  const tooWide = scopes.find((scope) => !services.grantableScopes.includes(scope));
  if (who.tenant === undefined || tooWide === undefined) return;
  throw forbidden(
    `This access is limited to a tenant, and may not give the scope ${JSON.stringify(tooWide)}.`,
  );
}

/** Also where it is another tenant's: no identity learns which keys others have. */
async function keyOf({ services, who }: Pick<Call<unknown, unknown>, 'services' | 'who'>, keyId: string) {
  const filter = { keyId, tenant: who.tenant, limit: 1 };
  const [found] = await services.ask(() => services.registry.keys.list(filter));
  if (!found) throw notFound('There is no such key.');
  return shown(found, services.now());
}

function shown(one: ListedKey, nowMs: number): z.output<typeof key> {
  const { keyId, name, tenant, team, user, plan, scopes, models, labels } = one;
  return {
    ...{ key_id: keyId, name: name ?? null, tenant, team: team ?? null, user: user ?? null, plan },
    ...{ scopes: [...(scopes ?? [])], models: models ? [...models] : null, labels: { ...labels } },
    status: statusOf(one, nowMs),
    created_at: new Date(one.createdAtMs).toISOString(),
    expires_at: isoOf(one.expiresAtMs),
    ...{ disabled_at: isoOf(one.disabledAtMs), revoked_at: isoOf(one.revokedAtMs) },
    overlap_ends_at: isoOf(one.overlapEndsAtMs),
  };
}

function statusOf({ revokedAtMs, disabledAtMs, expiresAtMs = Infinity }: ListedKey, nowMs: number) {
  if (revokedAtMs !== undefined) return 'revoked';
  if (expiresAtMs <= nowMs) return 'expired';
  return disabledAtMs === undefined ? 'active' : 'disabled';
}
