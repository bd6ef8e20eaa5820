import type { QuotaStore } from '@tollgate/core';
import { accepts, checkOptions, withinDeadline } from '@tollgate/core/internal';

export interface StoreHealthOptions {
  /** How often the store is asked, in ms, 10 to 60 000; after a failure five times as often. @defaultValue 1_000 (1 s) */
  everyMs?: number;
  /** After how long an answer counts as none, in ms, 5 to 60 000. @defaultValue 1_000 (1 s) */
  deadlineMs?: number;
}

/** Whether a store answers; for `/readyz` of an app that refuses everything while it does not. */
export interface StoreHealth {
  /** `false` until the store has answered for the first time, and after two questions in a row without an answer. */
  readonly isHealthy: boolean;
  /** Stops asking. */
  end(): void;
}

/** Any will do: it stands for all. */
const partition = 'readiness';
const failuresInRow = 2;
/** So much longer an answer counts, so that the next one of something as frequent comes in time. */
const spare = 1.1;
/** How much more often a store is asked that has not answered. */
const moreOften = 5;

/**
 * Asks a store all the time whether it is there, because an app that is not ready gets no requests by which it would notice that it
 * could be. Keeps no process alive. Throws a `TypeError` for a wrong or unknown option.
 */
export function storeHealth(
  store: Pick<QuotaStore, 'read' | 'answeredMs'>,
  options: StoreHealthOptions = {},
): StoreHealth {
  checkOptions('storeHealth', options, {
    everyMs: accepts.integerBetween(10, 60_000),
    deadlineMs: accepts.integerBetween(5, 60_000),
  });
  const { everyMs = 1_000, deadlineMs = 1_000 } = options;
  const late = (): Error => new Error('the store did not answer in time');
  let failures = failuresInRow;
  let timer: NodeJS.Timeout | undefined;
  let hasEnded = false;
  const next = (ms: number): void => {
    if (hasEnded) return;
    timer = setTimeout(() => void ask(), ms);
    timer.unref();
  };
  const ask = async (): Promise<void> => {
    // A partition that has just carried something out need not be asked.
    const answeredMs = store.answeredMs?.(partition) ?? Number.NEGATIVE_INFINITY;
    const sinceMs = performance.now() - answeredMs;
    const freshMs = spare * everyMs;
    if (failures === 0 && sinceMs < freshMs) {
      next(freshMs - sinceMs);
      return;
    }
    try {
      await withinDeadline(deadlineMs, store.read(partition, []), late);
      failures = 0;
    } catch {
      failures += 1;
    }
    next(failures === 0 ? everyMs : everyMs / moreOften);
  };
  void ask();
  return {
    get isHealthy() {
      return failures < failuresInRow;
    },
    end: () => {
      hasEnded = true;
      clearTimeout(timer);
    },
  };
}
