import { checkSwitchEntry, type SwitchEntry, type SwitchKind, switchKinds } from '@tollgate/core/internal';
import { z } from 'zod';
import { forbidden, invalid, notFound, valid } from '../api/errors.js';
import { isoOf, moment } from '../api/fields.js';
import type { AdminIdentity } from '../api/identity.js';
import { type Call, route } from '../api/route.js';
import { stored } from '../api/services.js';

const entry = z.strictObject({
  kind: z.enum(switchKinds),
  /** A tenant, a key's public id, a model or provider; of a team and a user `<tenant>/<name>`; empty for everything. */
  name: z.string(),
  reason: z.string(),
  by: z.string(),
  since: moment,
  until: moment.nullable(),
  /** Requests that run already are ended as well. */
  cuts_running: z.boolean(),
});

const switched = z.strictObject({
  kind: z.enum(switchKinds),
  name: z.string(),
  /** Empty with status 202: it is stored, and no process has confirmed yet that it applies it. */
  confirmed_by: z.array(z.string()),
  /** Whether the audit trail has it; `false` without a ledger, and while the database is away. */
  audited: z.boolean(),
});

/** The kill switch: works while the database is away. */
export const switchRoutes = [
  route({
    method: 'get',
    path: '/switch',
    summary: 'The entries that are switched off',
    role: 'viewer',
    needs: 'switch',
    answers: { 200: z.strictObject({ data: z.array(entry) }) },
    run: async ({ services, who }) => {
      const entries = (await stored(services.switch.read()))?.entries ?? [];
      const nowMs = services.now();
      const off = entries.filter(({ expiresAtMs = Number.POSITIVE_INFINITY }) => expiresAtMs > nowMs);
      const visible = [];
      for (const one of off) if (await concerns(services, who, one)) visible.push(shown(one));
      return { json: { data: visible } };
    },
  }),
  route({
    method: 'post',
    path: '/switch/off',
    summary: 'Switch off a key, user, team, tenant, model, provider or everything, in every process',
    role: 'operator',
    needs: 'switch',
    body: z.strictObject({
      kind: z.enum(switchKinds),
      name: z.string().max(512).default(''),
      reason: z.string().min(1).max(1_000),
      minutes: z.number().positive().max(525_600).optional().describe('Ends by itself after this time'),
      cuts_running: z.boolean().default(false).describe('Requests that run already are ended as well'),
    }),
    answers: { 200: switched, 202: switched },
    run: async (call) => {
      const { services, who, body } = call;
      const { kind, name, reason, minutes, cuts_running: cutsRunning } = body;
      await checkOwnEntry(call, body);
      const sinceMs = services.now();
      const one: SwitchEntry = {
        ...{ kind, name, reason, by: who.name, sinceMs, cutsRunning },
        ...(minutes !== undefined && { expiresAtMs: sinceMs + Math.round(minutes * 60_000) }),
      };
      await valid(() => checkSwitchEntry('switch', one));
      await stored(services.switch.turnOff(one));
      const facts = { kind, reason, minutes, cutsRunning };
      return confirmed(call, body, { action: 'switch.off', facts });
    },
  }),
  route({
    method: 'post',
    path: '/switch/on',
    summary: 'Switch something on again',
    role: 'operator',
    needs: 'switch',
    body: z.strictObject({ kind: z.enum(switchKinds), name: z.string().max(512).default('') }),
    answers: { 200: switched, 202: switched },
    refusals: [404],
    run: async (call) => {
      const { services, body } = call;
      await checkOwnEntry(call, body);
      if (!(await stored(services.switch.turnOn(body.kind, body.name))))
        throw notFound('It is not switched off.');
      return confirmed(call, body, { action: 'switch.on', facts: { kind: body.kind } });
    },
  }),
];

interface Switched {
  readonly kind: SwitchKind;
  readonly name: string;
}

async function confirmed(
  { services, who }: Pick<Call<unknown, unknown>, 'services' | 'who'>,
  { kind, name }: Switched,
  { action, facts }: { action: string; facts: Readonly<Record<string, unknown>> },
) {
  const tenant = tenantNamed({ kind, name }) ?? who.tenant;
  const [audited, confirmed_by] = await Promise.all([
    services.audit(who, action, { tenant, subject: name === '' ? kind : `${kind} ${name}`, facts }),
    stored(services.switchReaders()),
  ]);
  const status = confirmed_by.length > 0 ? (200 as const) : (202 as const);
  return { status, json: { kind, name, confirmed_by, audited } };
}

/** The tenant that an entry's name states; `undefined` for a key, and for what concerns more than one. */
function tenantNamed({ kind, name }: Switched): string | undefined {
  if (kind === 'tenant') return name;
  return kind === 'team' || kind === 'user' ? name.slice(0, name.indexOf('/')) : undefined;
}

async function concerns(
  services: Call<unknown, unknown>['services'],
  { tenant }: AdminIdentity,
  one: Switched,
) {
  if (tenant === undefined) return true;
  if (one.kind !== 'key') return tenantNamed(one) === tenant;
  const { registry } = services.app;
  if (!registry) return false;
  const filter = { keyId: one.name, tenant, limit: 1 };
  return (await services.ask(() => registry.keys.list(filter))).length > 0;
}

async function checkOwnEntry(
  { services, who }: Pick<Call<unknown, unknown>, 'services' | 'who'>,
  one: Switched,
) {
  if (one.kind === 'everything' && one.name !== '')
    throw invalid('name', '"name" must be empty for everything.');
  if (!(await concerns(services, who, one))) {
    throw forbidden(`This access is limited to the tenant ${JSON.stringify(who.tenant)}.`);
  }
}

const shown = ({ kind, name, reason, by, sinceMs, expiresAtMs, cutsRunning }: SwitchEntry) => ({
  ...{ kind, name, reason, by, since: new Date(sinceMs).toISOString() },
  ...{ until: isoOf(expiresAtMs), cuts_running: cutsRunning },
});
