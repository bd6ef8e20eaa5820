import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@tollgate/core/internal';
import { queried, spendByScope, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import { type Ledger, ledger } from '../src/index.js';

describe.each(queried)('the usage of scopes on $name', ({ start }) => {
  let database: TestDatabase;
  let books: Ledger;
  beforeAll(async () => {
    database = await start();
    books = ledger(database.options);
  }, 150_000);
  afterAll(async () => {
    await books.close();
    await database.end();
  });

  it('is that of all events of a scope and a time, whichever counters were charged', async () => {
    const { told, right } = await spendByScope(books);
    expect(told).toEqual(right);
  });

  it('knows when each definition was first used, also in another process', async () => {
    const before = Date.now() - 60_000;
    const [first = 0] = await books.definedAt(['usd/day/tenant']);
    expect(first).toBeGreaterThan(before);
    const again = ledger(database.options);
    const told = await again.definedAt(['tokens/day/tenant', 'usd/day/tenant']);
    await again.close();
    expect(told).toEqual([expect.any(Number), first]);
    expect(told[0]).toBeGreaterThanOrEqual(first);
  });

  it('is in the sums that counters are rebuilt and repaired from, where a limit is younger than its window', async () => {
    const now = Date.now();
    const window = new Date(now).toISOString().slice(0, 7);
    const [tenant, other] = [`t-${newId()}`, `t-${newId()}`];
    const charged = (definition: string, amount: number) => [
      { counter: definition.replace('/tenant', `/tenant=${tenant}`), window, amount },
    ];
    const spend = (charges: { counter: string; window: string; amount: number }[], costNanoUsd: string) =>
      books.write(usageEvent({ tenant, charges, costNanoUsd }, now));
    await spend(charged('usd/month/tenant', 50), '50');
    await books.definedAt(['usd/month/tenant/model']);
    const young = charged('usd/month/tenant/model=gpt-5-mini', 10);
    await spend([...charged('usd/month/tenant', 10), ...young], '10');
    await books.write(usageEvent({ tenant: other, costNanoUsd: '1000' }, now));
    const known = [...charged('usd/month/tenant', 0), ...young].map(({ counter }) => ({ counter, window }));
    expect(await books.spentIn(known)).toEqual([60, 60]);
    const open = (await books.openWindows()).filter(({ counter }) => counter.includes(tenant));
    expect(open.map(({ amount }) => amount)).toEqual([60, 60]);
  });
});
