import { describe, expect, it } from '@jest/globals';
import { definePlans, memoryQuota } from '@tollgate/core';
import { type BudgetOptions, budget } from '../src/index.js';

const plans = definePlans({ one: { spend: '$1/day' } });
const store = memoryQuota();
const wrong = (options: object) => () => budget(options as BudgetOptions);

describe('the options of budget()', () => {
  it('are refused at start, naming the option and what was received', () => {
    expect(wrong({ plans, store, leaseMs: 4_999 })).toThrow(
      'budget: "leaseMs" must be an integer from 5000 to 3600000, received 4999',
    );
    expect(wrong({ plans, store, refuseWith: 403 })).toThrow(
      'budget: "refuseWith" must be 402 or 429, received 403',
    );
    expect(wrong({ plans, store, fit: 'yes' })).toThrow(
      'budget: "fit" must be true or false, received "yes"',
    );
    expect(wrong({ plans, store, minOutputTokens: 0 })).toThrow(
      '"minOutputTokens" must be a positive integer',
    );
    expect(wrong({ plans, store, storeDeadlineMs: Number.NaN })).toThrow('"storeDeadlineMs" must be');
    expect(wrong({ plans, store, whenStoreDown: 'ajar' })).toThrow(
      '"whenStoreDown" must be one of "closed", "grace", "open"',
    );
    expect(wrong({ plans, store, whenStoreDown: 'grace' })).toThrow(
      'budget: "whenStoreDown" is "grace", but "store" leases nothing in advance',
    );
    expect(wrong({ plans, store: {} })).toThrow('budget: "store" must be an object with reserve()');
    expect(wrong({ plans, store, limits: [5] })).toThrow('budget: limits must be a limit such as');
    expect(wrong({ plans, store, limits: [] })).toThrow('"limits" must be a non-empty array');
    expect(wrong({ plans: {}, store })).toThrow('budget: "plans" must be what definePlans returns');
    expect(wrong({ plans, store, spool: ' ' })).toThrow('budget: "spool" must be a non-empty string');
    expect(wrong({ plans, store, limits: ['$5/day/'] })).toThrow('budget: limits must be a limit such as');
  });

  it('are refused where they are about settlements and there is no store', () => {
    for (const option of [{ spool: 'spool.jsonl' }, { maxUnsettled: 5 }, { strict: true }]) {
      const [name = ''] = Object.keys(option);
      expect(wrong({ limits: ['$5/day'], ...option })).toThrow(
        `"store" is required where "${name}" is given`,
      );
    }
    expect(wrong({ plans, store, spool: '' })).toThrow(
      'budget: "spool" must be a non-empty string, received ""',
    );
    expect(wrong({ plans, store, maxUnsettled: 0 })).toThrow('"maxUnsettled" must be an integer from 1 to');
  });

  it('are refused where they are misspelt, with what was probably meant', () => {
    expect(wrong({ plans, store, limit: [] })).toThrow(
      'budget: unknown option "limit" (did you mean "limits"?)',
    );
  });

  it('are refused where there is nothing to count, or nowhere to count it', () => {
    expect(wrong({})).toThrow('budget: "plans" or "limits" is required');
    expect(wrong({ plans })).toThrow('budget: "store" is required where "plans" are given');
    expect(wrong({ store, limits: ['$5/day', '$5/day'] })).toThrow(
      'budget: "limits" holds the same limit twice',
    );
  });
});
