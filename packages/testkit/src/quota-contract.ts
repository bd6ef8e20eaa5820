import { afterEach, beforeEach, describe } from '@jest/globals';
import { quotaAdjustmentContract } from './quota-contract-adjustment.js';
import { quotaAdmissionContract } from './quota-contract-admission.js';
import { quotaAttemptContract } from './quota-contract-attempt.js';
import { quotaLeaseContract } from './quota-contract-lease.js';
import { quotaSettlementContract } from './quota-contract-settlement.js';
import { quotaWindowContract } from './quota-contract-window.js';
import type { QuotaUnderTest } from './quota-fixture.js';

/** Hands a test the store that was made for it. */
export type Given = () => QuotaUnderTest;

/** The contract of every quota store. `makeStore` is called for each test; the store is ended after it. */
export function quotaContract(name: string, makeStore: () => Promise<QuotaUnderTest> | QuotaUnderTest): void {
  describe(`the quota store ${name}`, () => {
    let underTest: QuotaUnderTest | undefined;
    const given: Given = () => {
      if (!underTest) throw new Error('no store was made for this test');
      return underTest;
    };

    beforeEach(async () => {
      underTest = await makeStore();
    });

    afterEach(async () => {
      await underTest?.store.end();
    });

    quotaAdmissionContract(given);
    quotaAttemptContract(given);
    quotaWindowContract(given);
    quotaSettlementContract(given);
    quotaLeaseContract(given);
    quotaAdjustmentContract(given);
  });
}
