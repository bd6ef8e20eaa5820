import { setTimeout as delay } from 'node:timers/promises';
import { TollgateError } from '@tollgate/core';
import type { MitigationRecord, MitigationStore } from '@tollgate/core/internal';
import { z } from 'zod';
import { invalid, notFound } from '../api/errors.js';
import { id, isoOf, listOf, moment, page, pageFields } from '../api/fields.js';
import { route } from '../api/route.js';
import type { Services } from '../api/services.js';
import { stored } from '../api/services.js';

/** How long the process that acts is waited for, in ms. */
const decideMs = 4_000;

const incident = z.strictObject({
  id: z.string(),
  at: moment,
  /** When it ends by itself; of a withheld one, until when it can be confirmed. */
  until: moment,
  action: z.string(),
  /** `withheld` waits for a confirmation. */
  outcome: z.string(),
  target: z.string(),
  tenant: z.string().nullable(),
  reason: z.string(),
  process: z.string(),
  decided: z.enum(['confirm', 'undo']).nullable(),
  decided_by: z.string().nullable(),
});

/** Actions of `watch()`, of all processes that share the switch. */
export const incidentRoutes = [
  route({
    method: 'get',
    path: '/incidents',
    summary: 'Actions of watch() that hold or wait for a person, the latest first',
    role: 'viewer',
    needs: 'switch',
    query: z.strictObject({ ...pageFields, tenant: id.optional() }),
    answers: { 200: listOf(incident) },
    run: async ({ services, tenant, query: { limit, after } }) => {
      const records = (await recordsOf(services, tenant)).filter(
        (one) => after === undefined || one.id < after,
      );
      return { json: page(records, limit, { shown, cursor: (one) => one.id }) };
    },
  }),
  ...(
    [
      ['confirm', 'Carry out an action that was withheld'],
      ['undo', 'Take an action back: its caller is no longer affected'],
    ] as const
  ).map(([what, summary]) =>
    route({
      method: 'post',
      path: `/incidents/{id}/${what}`,
      summary,
      role: 'operator',
      needs: 'switch',
      answers: { 200: incident },
      refusals: [404],
      run: async ({ services, who, params, tenant }) => {
        const actions = actionsOf(services);
        const record = (await recordsOf(services, tenant)).find((one) => one.id === params.id);
        if (!record) throw notFound('There is no such action, or it has ended.');
        if (record.decided) {
          throw invalid('id', `${record.decided.by} has decided it already: ${record.decided.what}.`);
        }
        if (what === 'confirm' && record.outcome !== 'withheld') {
          throw invalid('id', `This action does not wait for a confirmation: it is ${record.outcome}.`);
        }
        await stored(actions.decide({ id: record.id, what, by: who.name }));
        const done = await decided(actions, record);
        await services.audit(who, `incident.${what}`, {
          ...{ tenant: record.tenant, subject: record.id },
          facts: { action: record.action, target: record.target },
        });
        return { json: shown(done) };
      },
    }),
  ),
];

function actionsOf(services: Services): MitigationStore {
  const { mitigations } = services.switch;
  if (mitigations) return mitigations;
  throw notFound('The switch of this app keeps no actions of watch().');
}

async function recordsOf(
  services: Services,
  tenant: string | undefined,
): Promise<readonly MitigationRecord[]> {
  const records = await stored(actionsOf(services).list());
  return tenant === undefined ? records : records.filter((one) => one.tenant === tenant);
}

/**
 * Waits for the process that acts. A decision that it has not taken is taken back here, so that it is not carried out later, unseen. Throws a
 * TollgateError (503) where nothing shows that it was carried out.
 */
async function decided(
  actions: MitigationStore,
  { id: asked, process }: MitigationRecord,
): Promise<MitigationRecord> {
  const find = async () => (await stored(actions.list())).find((one) => one.id === asked && one.decided);
  const endMs = performance.now() + decideMs;
  while (performance.now() < endMs) {
    const done = await find();
    if (done) return done;
    await delay(50);
  }
  const isTakenBack = (await stored(actions.take([asked]))).length > 0;
  const done = await find();
  if (done) return done;
  throw new TollgateError({
    status: 503,
    code: 'store_unavailable',
    message: isTakenBack
      ? `Process ${process}, which acts, has not answered; nothing was changed.`
      : `Process ${process} has taken the decision and has not reported its end.`,
    retryAfterMs: 2_000,
  });
}

function shown(one: MitigationRecord): z.output<typeof incident> {
  return {
    ...{ id: one.id, at: new Date(one.atMs).toISOString(), until: isoOf(one.untilMs) ?? '' },
    ...{ action: one.action, outcome: one.outcome, target: one.target, tenant: one.tenant ?? null },
    ...{ reason: one.reason, process: one.process },
    ...{ decided: one.decided?.what ?? null, decided_by: one.decided?.by ?? null },
  };
}
