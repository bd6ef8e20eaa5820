import { accepts, checkOptions } from '../lib/options.js';
import type { AlertStore, AlertWork } from './alert-store.js';

/** Options of {@link memoryAlerts}. */
export interface MemoryAlertsOptions {
  /** How many pieces of work may wait, 1 to 1 000 000; as many incidents are kept, the oldest give way. @defaultValue 10_000 */
  maxWaiting?: number;
  /** Milliseconds that only rise. @defaultValue performance.now */
  nowMs?: () => number;
}

interface Waiting {
  readonly work: AlertWork;
  dueMs: number;
  tries: number;
}

/** Incidents and pending notifications within one process: lost at a restart. Throws a `TypeError` for a wrong option. */
export function memoryAlerts(options: MemoryAlertsOptions = {}): AlertStore {
  checkOptions<MemoryAlertsOptions>('memoryAlerts', options, {
    maxWaiting: accepts.integerBetween(1, 1_000_000),
    nowMs: accepts.function,
  });
  const { maxWaiting = 10_000, nowMs = () => performance.now() } = options;
  const kept = new Map<string, { text: string; untilMs: number }>();
  const waiting = new Map<string, Waiting>();
  const textOf = (key: string): string | undefined => {
    const found = kept.get(key);
    if (!found || found.untilMs > nowMs()) return found?.text;
    kept.delete(key);
    return undefined;
  };
  const makeRoom = (): void => {
    const [oldest] = kept.keys();
    if (kept.size >= maxWaiting && oldest !== undefined) kept.delete(oldest);
  };
  return {
    read: async (key) => textOf(key),
    async replace(key, before, after, keepMs, work) {
      if (textOf(key) !== before) return 'changed';
      if (work.length > 0 && waiting.size + work.length > maxWaiting) return 'full';
      kept.delete(key);
      makeRoom();
      kept.set(key, { text: after, untilMs: nowMs() + keepMs });
      for (const one of work) {
        if (!waiting.has(one.id)) waiting.set(one.id, { work: one, dueMs: nowMs() + one.delayMs, tries: 0 });
      }
      return 'written';
    },
    async take(atMost, leaseMs) {
      const due = [...waiting.values()]
        .filter(({ work, dueMs }) => dueMs <= nowMs() && !(work.after && waiting.has(work.after)))
        .sort((one, other) => one.dueMs - other.dueMs)
        .slice(0, atMost);
      return due.map((one) => {
        one.dueMs = nowMs() + leaseMs;
        one.tries += 1;
        return { id: one.work.id, text: one.work.text, tries: one.tries };
      });
    },
    async done(id) {
      waiting.delete(id);
    },
    async later(id, delayMs) {
      const found = waiting.get(id);
      if (found) found.dueMs = nowMs() + delayMs;
    },
  };
}
