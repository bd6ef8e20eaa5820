import type { SwitchStore } from '@tollgate/core';
import type { MitigationRecord } from '@tollgate/core/internal';
import { type AdminApi, ApiRefusal } from './admin-api.js';
import type { Data, IncidentAnswer, SwitchAnswer } from './answers.js';

/** The kill switch and the actions of `watch()` by the admin API of a running app, which waits for confirmations itself. */
export function remoteSwitch(api: AdminApi): SwitchStore {
  return {
    async read() {
      const { data } = await api.get<Data<SwitchAnswer>>('/switch');
      const entries = data.map((one) => ({
        ...{ kind: one.kind, name: one.name, reason: one.reason, by: one.by, cutsRunning: one.cuts_running },
        ...{ sinceMs: Date.parse(one.since), ...(one.until && { expiresAtMs: Date.parse(one.until) }) },
      }));
      return { version: '', entries };
    },
    async turnOff({ kind, name, reason, sinceMs, expiresAtMs, cutsRunning }) {
      const minutes = expiresAtMs === undefined ? undefined : (expiresAtMs - sinceMs) / 60_000;
      await api.change('/switch/off', { kind, name, reason, minutes, cuts_running: cutsRunning });
    },
    async turnOn(kind, name) {
      await api.get('/switch'); // an app without a switch says so here
      try {
        await api.change('/switch/on', { kind, name });
        return true;
      } catch (error) {
        if (error instanceof ApiRefusal && error.status === 404) return false; // it is not off
        throw error;
      }
    },
    confirmedBy: async () => api.confirmedBy ?? [],
    mitigations: {
      put: ofWatch,
      list: async () => (await api.list<IncidentAnswer>('/incidents')).map(recordOf),
      async decide({ id, what }) {
        await api.change(`/incidents/${encodeURIComponent(id)}/${what}`);
      },
      take: async () => [],
      takeBack: ofWatch,
      takenBack: async () => [],
    },
  };
}

const ofWatch = (): Promise<never> => Promise.reject(new Error('actions are made by watch() alone'));

function recordOf(one: IncidentAnswer): MitigationRecord {
  const decided = one.decided && { id: one.id, what: one.decided, by: one.decided_by ?? '' };
  return {
    ...{ id: one.id, atMs: Date.parse(one.at), untilMs: Date.parse(one.until), action: one.action },
    ...{ outcome: one.outcome, target: one.target, tenant: one.tenant ?? undefined, reason: one.reason },
    ...{ process: one.process, ...(decided && { decided }) },
  };
}
