import { memoryMitigations } from './mitigation-store.js';
import {
  checkSwitchEntry,
  type SwitchEntry,
  type SwitchState,
  type SwitchStore,
  switchKey,
} from './switch.js';

/** A switch within one process; on again after a restart. */
export function memorySwitch(): SwitchStore {
  const entries = new Map<string, SwitchEntry>();
  const listeners = new Set<() => void>();
  const confirmations = new Map<string, string>();
  let version = 0;
  const changed = (): void => {
    version += 1;
    for (const listener of listeners) listener();
  };
  return {
    async read(knownVersion): Promise<SwitchState | undefined> {
      if (knownVersion === String(version)) return undefined;
      return { version: String(version), entries: [...entries.values()] };
    },
    async turnOff(entry) {
      checkSwitchEntry('memorySwitch', entry);
      entries.set(switchKey(entry.kind, entry.name), Object.freeze({ ...entry }));
      changed();
    },
    async turnOn(kind, name) {
      const was = entries.delete(switchKey(kind, name));
      if (was) changed();
      return was;
    },
    async confirm(reader, confirmed) {
      confirmations.set(reader, confirmed);
    },
    async confirmedBy(asked) {
      return [...confirmations].flatMap(([reader, confirmed]) => (confirmed === asked ? [reader] : []));
    },
    mitigations: memoryMitigations(),
    onHint(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
