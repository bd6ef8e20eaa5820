import type { QuotaStore } from '@tollgate/core';

/** The operations of a store that a request needs. */
export const operations = ['reserve', 'extend', 'cover', 'charge', 'renew', 'close'] as const;
export type Operation = (typeof operations)[number];

/** How an operation fails: at once; never answering; or answering nothing although it was done. */
export type Failure = 'throws' | 'hangs' | 'done unheard';

/** A store whose operations fail while `failing` names them. */
export interface FailingStore {
  readonly store: QuotaStore;
  readonly failing: Map<Operation, Failure>;
  /** How often an operation was asked for. */
  attempts(operation: Operation): number;
}

/** Puts failures before a real store. */
export function failingStore(real: QuotaStore, hasBreaker = false): FailingStore {
  const failing = new Map<Operation, Failure>();
  const asked = new Map<Operation, number>();
  const run = <Answer>(
    operation: Operation,
    work: () => Answer | Promise<Answer>,
  ): Answer | Promise<Answer> => {
    asked.set(operation, (asked.get(operation) ?? 0) + 1);
    const failure = failing.get(operation);
    if (!failure) return work();
    if (failure === 'throws') throw new Error(`${operation} is broken`);
    if (failure === 'done unheard') void work();
    return new Promise<Answer>(() => {});
  };
  const store: QuotaStore = {
    hasBreaker,
    reserve: (request) => run('reserve', () => real.reserve(request)),
    extend: async (request) => run('extend', () => real.extend(request)),
    cover: (request) => run('cover', () => real.cover(request)),
    charge: (request) => run('charge', () => real.charge(request)),
    renew: async (request) => run('renew', () => real.renew(request)),
    close: (request) => run('close', () => real.close(request)),
    read: (partition, counters) => real.read(partition, counters),
    end: () => real.end(),
  };
  return { store, failing, attempts: (operation) => asked.get(operation) ?? 0 };
}
