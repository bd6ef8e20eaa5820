import type { ListedTenant } from '@tollgate/postgres';
import { z } from 'zod';
import { forbidden, notFound, valid } from '../api/errors.js';
import { id, isoOf, listOf, moment, page, pageFields } from '../api/fields.js';
import { type Call, route } from '../api/route.js';

const tenant = z.strictObject({
  tenant: z.string(),
  name: z.string().nullable(),
  teams: z.array(z.string()),
  /** Neither revoked nor expired. */
  keys: z.int(),
  created_at: moment,
  disabled_at: moment.nullable(),
});

/** A change that processes confirm: 200, or 202 where none has in time. */
const changed = tenant.extend({ confirmed_by: z.array(z.string()) });

const shown = (one: ListedTenant): z.output<typeof tenant> => ({
  ...{ tenant: one.tenant, name: one.name ?? null, teams: [...one.teams], keys: one.keys },
  ...{ created_at: new Date(one.createdAtMs).toISOString(), disabled_at: isoOf(one.disabledAtMs) },
});

/** Tenants and their teams. */
export const tenantRoutes = [
  route({
    method: 'get',
    path: '/tenants',
    summary: 'Tenants with their teams and number of keys, by id',
    role: 'viewer',
    needs: 'registry',
    query: z.strictObject({ ...pageFields, search: z.string().max(256).optional() }),
    answers: { 200: listOf(tenant) },
    run: async ({ services, tenant: only, query: { limit, after, search } }) => {
      const { registry } = services;
      const filter = { tenant: only, search, after, limit: limit + 1 };
      const found = await services.ask(() => registry.tenants.list(filter));
      return { json: page(found, limit, { shown, cursor: (one) => one.tenant }) };
    },
  }),
  route({
    method: 'post',
    path: '/tenants',
    summary: 'Make a tenant and teams of it, or name it',
    role: 'operator',
    needs: 'registry',
    body: z.strictObject({
      tenant: id,
      name: z.string().max(1_000).optional(),
      teams: z.array(id).max(1_000).optional(),
    }),
    answers: { 201: tenant },
    run: async (call) => {
      const { services, who, body } = call;
      checkOwn(call, body.tenant);
      const own = services.registry.as(who.name);
      await services.ask(() => valid(() => own.tenants.create(body.tenant, body)));
      return { status: 201, json: await tenantOf(call, body.tenant) };
    },
  }),
  ...(['disable', 'enable'] as const).map((action) =>
    route({
      method: 'post',
      path: `/tenants/{tenant}/${action}`,
      summary:
        action === 'disable'
          ? 'Refuse all keys of a tenant until it is enabled again'
          : 'Accept the keys of a disabled tenant again',
      role: 'operator',
      needs: 'registry',
      tenants: 'all',
      answers: { 200: changed, 202: changed },
      refusals: [404],
      run: async (call) => {
        const { services, who, params } = call;
        const { tenant: named = '' } = params;
        await tenantOf(call, named);
        await services.ask(() => services.registry.as(who.name).tenants[action](named));
        const readers = await services.readers('keys');
        const json = { ...(await tenantOf(call, named)), confirmed_by: readers };
        return { status: readers.length > 0 ? 200 : 202, json };
      },
    }),
  ),
];

async function tenantOf({ services }: Pick<Call<unknown, unknown>, 'services'>, name: string) {
  const [found] = await services.ask(() => services.registry.tenants.list({ tenant: name, limit: 1 }));
  if (!found) throw notFound('There is no such tenant.');
  return shown(found);
}

/** Throws a 403 where the identity is limited to another tenant. */
export function checkOwn({ who }: Pick<Call<unknown, unknown>, 'who'>, tenantNamed: string): void {
  if (who.tenant !== undefined && who.tenant !== tenantNamed) {
    throw forbidden(`This access is limited to the tenant ${JSON.stringify(who.tenant)}.`);
  }
}
