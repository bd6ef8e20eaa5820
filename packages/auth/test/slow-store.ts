import type { KeyStore } from '@tollgate/core';
import type { ApiKeyRecord } from '@tollgate/core/internal';

/** A key store whose answers are counted, withheld or broken. */
export interface SlowStore extends KeyStore {
  readonly asked: string[];
  /** What it does with the next look-ups. */
  behave(how: 'answer' | 'fail' | 'hang'): void;
}

export function slowStore(keys: KeyStore): SlowStore {
  const asked: string[] = [];
  let behaviour: 'answer' | 'fail' | 'hang' = 'answer';
  return {
    asked,
    behave(how) {
      behaviour = how;
    },
    find(keyId) {
      asked.push(keyId);
      if (behaviour === 'hang') return new Promise<ApiKeyRecord | undefined>(() => undefined);
      return behaviour === 'fail' ? Promise.reject(new Error('connection lost')) : keys.find(keyId);
    },
  };
}
