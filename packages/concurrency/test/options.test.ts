import { describe, expect, it } from '@jest/globals';
import { definePlans } from '@tollgate/core';
import { concurrency } from '../src/index.js';

const plans = definePlans({ free: { concurrent: 2 } });

describe('the options of concurrency()', () => {
  it.each([
    [{}, 'concurrency: "limit" is required and must be a positive integer'],
    [{ limit: 0 }, 'concurrency: "limit" must be a positive integer, received 0'],
    [{ limit: 10, lmit: 1 }, 'concurrency: unknown option "lmit" (did you mean "limit"?)'],
    [{ limit: 10, perCaller: true }, 'concurrency: "perCaller" needs "plans", which say how many'],
    [{ limit: 10, plans: {}.constructor }, 'concurrency: "plans" must be what definePlans returns'],
    [{ limit: 10, queue: true }, 'concurrency: "queue" must be false or an object, received true'],
    [
      { limit: 10, queue: { size: -1 } },
      'concurrency: queue: "size" must be an integer of 0 or more, received -1',
    ],
    [
      { limit: 10, queue: { timeoutMs: 0 } },
      'concurrency: queue: "timeoutMs" must be an integer from 1 to 3600000',
    ],
    [
      { limit: 10, batch: { share: 2 } },
      'concurrency: batch: "share" must be a number above 0 and at most 1',
    ],
    [{ limit: 10, batch: { header: {} } }, 'concurrency: batch: header: "scope" is required'],
    [{ limit: 10, batch: { header: { scope: 'x', name: 'X Y' } } }, 'must be a header name in lower case'],
    [
      { limit: 10, adaptive: { min: 20 } },
      'concurrency: adaptive: "min" must be an integer from 1 to 10, received 20',
    ],
    [
      { limit: 10, adaptive: { min: 5, initial: 2 } },
      'concurrency: adaptive: "initial" must be at least "min"',
    ],
    [{ limit: 10, adaptive: { latency: 'last' } }, 'must be one of "firstByte", "end"'],
    [
      { limit: 10, adaptive: { tolerance: 0.5 } },
      'concurrency: adaptive: "tolerance" must be a number from 1 to 10',
    ],
    [{ limit: 10, store: {} }, 'concurrency: "store" must be an object with reserve(), close(), renew()'],
    [{ limit: 10, name: 'a b' }, 'concurrency: "name" must be a short name of a-z, 0-9'],
    [{ limit: 10, mode: 'on' }, 'concurrency: "mode" must be one of "enforce", "shadow", "off"'],
  ])('%j throws, and says why', (options, message) => {
    expect(() => concurrency(options as never)).toThrow(message);
  });

  it('are good with all of them given', () => {
    const guard = concurrency({
      limit: 50,
      plans,
      perCaller: true,
      queue: { size: 10, perTenant: 3, timeoutMs: 1_000 },
      adaptive: { algorithm: 'aimd', min: 2, initial: 4, latency: 'end', slowMs: 100, failedShare: 0.2 },
      batch: { share: 0.3, timeoutMs: 5_000, of: () => false, header: { scope: 'batch' } },
      name: 'chat',
      whenStoreDown: 'closed',
      expectedProcesses: 4,
    });
    expect(guard.limit).toBe(4);
    expect(guard.name).toBe('concurrencyMiddleware');
  });
});
