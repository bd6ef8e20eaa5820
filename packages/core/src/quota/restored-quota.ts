import { publish } from '../lib/channel.js';
import { adjusted } from './adjusted.js';
import type { QuotaStore } from './quota-store.js';

/** How long a failed attempt at restoring is given as the answer, in ms, before the next one. */
const pauseMs = 1_000;

/**
 * A store that answers nothing before it was restored: operations wait for it, and reject while it fails. Restoring begins at once
 * and is tried again when something is asked.
 */
export function restoredQuota(store: QuotaStore, restore: () => Promise<void>): QuotaStore {
  let restored = false;
  let attempt: Promise<void> | undefined;

  function ready(): Promise<void> {
    attempt ??= restore().then(
      () => {
        restored = true;
      },
      (cause: unknown) => {
        setTimeout(() => {
          attempt = undefined;
        }, pauseMs).unref();
        publish('tollgate:fault', () => ({
          source: 'restore',
          error: cause instanceof Error ? cause.name : undefined,
        }));
        throw cause;
      },
    );
    return attempt;
  }

  const once = <Result>(run: () => Result | Promise<Result>): Result | Promise<Result> =>
    restored ? run() : ready().then(run);
  ready().catch(() => undefined);
  return {
    reserve: (request) => once(() => store.reserve(request)),
    extend: async (request) => once(() => store.extend(request)),
    cover: (request) => once(() => store.cover(request)),
    charge: (request) => once(() => store.charge(request)),
    renew: async (request) => once(() => store.renew(request)),
    close: (request) => once(() => store.close(request)),
    adjust: async (request) => once(() => adjusted(store, request)),
    read: async (partition, counters) => once(() => store.read(partition, counters)),
    end: () => store.end(),
  };
}
