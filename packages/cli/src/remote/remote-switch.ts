import type { SwitchStore } from '@tollgate/core';
import type { MitigationRecord } from '@tollgate/core/internal';
import type { AdminApi } from './admin-api.js';

/** The kill switch and the actions of `watch()` by the admin API of a running app, which waits for confirmations itself. */
export function remoteSwitch(api: AdminApi): SwitchStore {
  return {
    async read() {
      const { data } = await api.get('/switch');
      // biome-ignore lint/suspicious/noExplicitAny: the shape is that of the API
      const entries = data.map((one: any) => ({
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
      const { data } = await api.get('/switch');
      const isOff = data.some(
        (one: { kind: string; name: string }) => one.kind === kind && one.name === name,
      );
      if (isOff) await api.change('/switch/on', { kind, name });
      return isOff;
    },
    confirmedBy: async () => api.confirmedBy ?? [],
    mitigations: {
      put: () => Promise.reject(new Error('actions are made by watch() alone')),
      list: async () => (await api.list('/incidents')).map(recordOf),
      async decide({ id, what }) {
        await api.change(`/incidents/${encodeURIComponent(id)}/${what}`);
      },
      take: async () => [],
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is that of the API
function recordOf(one: any): MitigationRecord {
  const decided = one.decided && { id: one.id, what: one.decided, by: one.decided_by };
  return {
    ...{ id: one.id, atMs: Date.parse(one.at), untilMs: Date.parse(one.until), action: one.action },
    ...{ outcome: one.outcome, target: one.target, tenant: one.tenant ?? undefined, reason: one.reason },
    ...{ process: one.process, ...(decided && { decided }) },
  };
}
