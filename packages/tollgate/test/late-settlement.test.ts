import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { counterOf, memoryQuota, spend, type UsageEvent } from '@tollgate/core';
import { newId } from '@tollgate/core/internal';
import { type Ledger, ledger } from '@tollgate/postgres';
import { usageEvent } from '@tollgate/testkit';
import { lateSettlement } from '../src/late-settlement.js';

const caller = { id: 'acme', tenant: 'acme', plan: 'p', scopes: [], labels: {} };
const counter = counterOf(spend('$5/month').by('tenant'), { caller });

const noonMs = Date.UTC(2026, 10, 20, 12);

describe('a settlement that comes more than a day after its reservation ran out', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tollgate-late-'));
  let books: Ledger;
  beforeAll(async () => {
    books = ledger({ directory });
    await books.database.ready();
  }, 150_000);
  afterAll(async () => {
    await books.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** An attempt that was reaped: charged 900, of which 100 is the estimate. */
  async function reaped() {
    const store = memoryQuota({ now: () => noonMs });
    const eventId = newId(noonMs);
    const reservation = { id: newId(), partition: 'acme', attemptId: eventId };
    const alternatives = [{ charges: [{ ...counter, want: 900 }] }];
    const admitted = await store.reserve({ ...reservation, leaseMs: 60_000, alternatives });
    const window = (admitted.ok && admitted.grants[0]?.window) || '';
    const event = usageEvent({
      ...{ eventId, tenant: 'acme', costNanoUsd: '100', unresolvedNanoUsd: '800' },
      ...{ inputTokens: 10, outputTokens: 0, uncertain: true, source: 'estimated' },
      charges: [{ counter: counter.counter, window, amount: 900, unresolved: 800 }],
    });
    const items = [{ ...counter, windowId: window, amount: 900, release: 900 }];
    await store.charge({ ...reservation, items, event, close: true });
    await books.write(event);
    await books.caughtUp?.();
    const before = await books.spentIn([{ counter: counter.counter, window }]);
    const read = async () => {
      const [state] = await store.read('acme', [counter]);
      const [sum = 0] = await books.spentIn([{ counter: counter.counter, window }]);
      return { counter: state?.used, ledger: sum - (before[0] ?? 0) };
    };
    return { event, read, settle: lateSettlement(books.database, store) };
  }

  const truth = (event: UsageEvent): UsageEvent => ({
    ...event,
    ...{ costNanoUsd: '250', outputTokens: 60, uncertain: false, source: 'provider' },
  });

  it('corrects counter and ledger by the difference, once', async () => {
    const { event, read, settle } = await reaped();
    expect(await read()).toEqual({ counter: 900, ledger: 0 });
    for (let times = 0; times < 2; times += 1) {
      expect(await settle(truth(event))).toBe(true);
      expect(await read()).toEqual({ counter: 250, ledger: -650 });
    }
  });

  it('changes nothing while the end is still unknown', async () => {
    const { event, read, settle } = await reaped();
    expect(await settle({ ...event, costNanoUsd: '150' })).toBe(true);
    expect(await read()).toEqual({ counter: 900, ledger: 0 });
  });

  it('is left to the store where the ledger has nothing of it', async () => {
    const { event, settle } = await reaped();
    expect(await settle(truth({ ...event, eventId: newId(noonMs) }))).toBe(false);
  });
});
