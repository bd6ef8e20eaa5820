import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type ReserveRequest, StoreClient } from '@tollgate/core/internal';
import { redisQuota } from '../src/index.js';

const page = new URL('../../../docs/redis-layers.md', import.meta.url);

/** Node's own. */
const notOurs = ['Immediate', 'Object'];

/** Our classes whose methods are being called. */
function classesInStack(): Set<string> {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const stack = new Error().stack ?? '';
  Error.stackTraceLimit = limit;
  const named = [...stack.matchAll(/^\s+at (?:async )?_?([A-Z]\w+)\.#?\w+ /gm)].map(([, name = '']) => name);
  return new Set(named.filter((name) => !notOurs.includes(name)));
}

describe('the classes between a guard and the socket', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('are those of the page in docs/, and no more than five', async () => {
    const called = new Set<string>();
    let isCounting = false;
    let scheduledBy = new Set<string>();
    const count = (): void => {
      for (const name of isCounting ? [...scheduledBy, ...classesInStack()] : []) called.add(name);
    };
    const client = {
      sendCommand: async ([name]: (string | Buffer)[]): Promise<unknown> => {
        count();
        if (name === 'GET') return '16';
        if (name === 'SET') return 'OK';
        throw new Error('away');
      },
    };
    const later = setImmediate;
    // Operations of one turn are sent together: what is called before and after that is on two stacks.
    jest.spyOn(globalThis, 'setImmediate').mockImplementation(((run: () => void) => {
      const names = classesInStack();
      return later(() => {
        scheduledBy = names;
        run();
        scheduledBy = new Set();
      });
    }) as typeof setImmediate);
    const store = redisQuota({ client, sweepEveryMs: 60_000 });
    const guard = new StoreClient(store, { deadlineMs: 1_000 });
    const charge = {
      ...{ counter: 'usd/day/tenant:acme', unit: 'usd', limit: 10, wide: false, soft: false, want: 1 },
      window: { kind: 'calendar', period: 'day', timeZone: 'UTC' },
    } as const;
    const wanted = { id: 'r', partition: 'acme', alternatives: [{ charges: [charge] }], leaseMs: 60_000 };
    const reserve = () => guard.run('reserve', (quota) => quota.reserve(wanted as unknown as ReserveRequest));
    await expect(reserve()).rejects.toThrow();
    isCounting = true;
    await expect(reserve()).rejects.toThrow();
    await store.end();
    const listed = [...readFileSync(page, 'utf8').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect([...called].sort()).toEqual([...listed].sort());
    expect(called.size).toBeLessThanOrEqual(5);
  });
});
