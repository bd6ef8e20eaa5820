import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { database, type Ledger, ledger } from '@tollgate/postgres';
import { queried, type TestDatabase, usageEvent } from '@tollgate/testkit/databases';
import { capCurve } from '../src/index.js';

const day = Date.UTC(2026, 9, 20);
const hourMs = 3_600_000;

describe.each(queried)('the curve of a cap on $name', ({ start }) => {
  let server: TestDatabase;
  let books: Ledger;
  beforeAll(async () => {
    server = await start();
    books = ledger({ database: database(server.options) });
    for (const [tenant, keyId, hour, costNanoUsd, requestId] of [
      ['acme', 'k1', 0, '1000000000', 'one'],
      ['acme', 'k1', 2.9, '500000000', 'two'],
      ['acme', 'k1', 2.95, '250000000', 'two'],
      ['acme', 'k2', 3, '7', 'three'],
      ['beta', 'k3', 3, '9', 'four'],
      ['acme', 'k1', -1, '99', 'yesterday'],
      ['acme', 'k1', 24, '99', 'tomorrow'],
    ] as const) {
      const facts = { tenant, keyId, costNanoUsd, requestId, inputTokens: 10, outputTokens: 5 };
      await books.write(usageEvent(facts, day + hour * hourMs));
    }
    await books.flush();
  }, 150_000);
  afterAll(async () => {
    await books.close();
    await books.database.end();
    await server.end();
  }, 90_000);

  const window = { fromMs: day, toMs: day + 24 * hourMs, nowMs: day + 4.5 * hourMs };

  it('has the amount of each step that has begun, of the subject alone', async () => {
    const usd = await capCurve(books.database, { tenant: 'acme', key: 'k1' }, { ...window, unit: 'usd' });
    expect(usd).toEqual({ stepMs: hourMs, amounts: ['1000000000', '0', '750000000', '0', '0'] });
    const whole = await capCurve(books.database, { tenant: 'acme' }, { ...window, unit: 'usd' });
    expect(whole.amounts).toEqual(['1000000000', '0', '750000000', '7', '0']);
    const none = await capCurve(books.database, { tenant: 'unknown\0' }, { ...window, unit: 'usd' });
    expect(none.amounts).toEqual(['0', '0', '0', '0', '0']);
  });

  it.each([
    ['tokens', ['15', '0', '30', '0', '0']],
    ['inputTokens', ['10', '0', '20', '0', '0']],
    ['outputTokens', ['5', '0', '10', '0', '0']],
    ['requests', ['1', '0', '1', '0', '0']],
  ] as const)('knows %s', async (unit, amounts) => {
    const curve = await capCurve(books.database, { tenant: 'acme', key: 'k1' }, { ...window, unit });
    expect(curve.amounts).toEqual(amounts);
  });

  it('has steps that fit the window, and refuses one that is too long', async () => {
    const of = (hours: number) =>
      capCurve(
        books.database,
        { tenant: 'acme' },
        { unit: 'usd', fromMs: day, toMs: day + hours * hourMs, nowMs: day },
      );
    expect((await of(1)).stepMs).toBe(60_000);
    expect((await of(7 * 24)).stepMs).toBe(hourMs);
    expect((await of(31 * 24)).stepMs).toBe(6 * hourMs);
    await expect(of(33 * 24)).rejects.toThrow('capCurve: the window must have at most 32 days');
  });
});
