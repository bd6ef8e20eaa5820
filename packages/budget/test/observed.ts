import type { QuotaStore } from '@tollgate/core';

/** Counts the calls of a store by name. */
export function counted(store: QuotaStore): { store: QuotaStore; asked: string[] } {
  const asked: string[] = [];
  const watched = new Proxy(store, {
    get(target, name: keyof QuotaStore) {
      return (...args: never[]) => {
        asked.push(name);
        return (target[name] as (...given: never[]) => unknown).apply(target, args);
      };
    },
  });
  return { store: watched, asked };
}

/** Waits, at most two seconds, until something is so. */
export async function settled(check: () => Promise<boolean> | boolean): Promise<void> {
  for (let turn = 0; turn < 400 && !(await check()); turn += 1) await new Promise((go) => setTimeout(go, 5));
}
