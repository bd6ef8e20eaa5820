import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { memoryQuota, type QuotaStore, subscribe } from '@tollgate/core';
import type { QuotaCharge, ScopeSpan, SpendSource } from '@tollgate/core/internal';
import { newId } from '@tollgate/core/internal';

const noon = Date.UTC(2026, 10, 24, 12);
const counter = 'usd/day/tenant=acme/team=red%20%2F%20blue';
const charge = (want: number, more: Partial<QuotaCharge> = {}): QuotaCharge => ({
  ...{ counter, unit: 'usd', limit: 100, wide: false, soft: false, want },
  window: { kind: 'calendar', period: 'day', timeZone: 'UTC', anchorDay: 1 },
  ...{ definition: 'usd/day/tenant/team', ...more },
});

/** A ledger that a test changes while a store runs. */
class Books implements SpendSource {
  definedMs = noon;
  spent = 0;
  fails = false;
  readonly asked: ScopeSpan[] = [];

  async spentIn(): Promise<number[]> {
    return [];
  }
  async openWindows(): Promise<[]> {
    return [];
  }
  async definedAt(definitions: readonly string[]): Promise<number[]> {
    return definitions.map(() => this.definedMs);
  }
  async spentBy(spans: readonly ScopeSpan[]): Promise<number[]> {
    if (this.fails) throw new Error('the ledger is away');
    this.asked.push(...spans);
    return spans.map(() => this.spent);
  }
}

let books: Books;
let store: QuotaStore;
beforeEach(() => {
  jest.useFakeTimers({ now: noon });
  books = new Books();
  store = memoryQuota({ spent: books, now: Date.now });
});
afterEach(async () => {
  await store.end();
  jest.useRealTimers();
});

async function admits(...charges: QuotaCharge[]): Promise<boolean> {
  const alternatives = [{ charges }];
  return (await store.reserve({ id: newId(), partition: 'acme', alternatives, leaseMs: 60_000 })).ok;
}
const used = async (): Promise<number> => (await store.read('acme', [charge(0)]))[0]?.used ?? 0;

describe('a limit that is first used in the middle of its window', () => {
  it('starts at what its scope has spent since the window began', async () => {
    books.spent = 60;
    expect(await admits(charge(41))).toBe(false);
    expect(await admits(charge(40))).toBe(true);
    const day = { startMs: Date.UTC(2026, 10, 24), endMs: Date.UTC(2026, 10, 25) };
    expect(books.asked).toEqual([{ unit: 'usd', scope: { tenant: 'acme', team: 'red / blue' }, ...day }]);
  });

  it('admits nothing while the ledger does not answer, and then what fits', async () => {
    [books.spent, books.fails] = [60, true];
    await expect(admits(charge(1))).rejects.toThrow('the ledger is away');
    books.fails = false;
    expect(await admits(charge(41))).toBe(false);
  });

  it.each(['extend', 'cover'] as const)('counts it as well where a limit joins by %s', async (operation) => {
    const [id, partition] = [newId(), 'acme'];
    const other = charge(1, { counter: 'usd/day/tenant=acme', definition: undefined });
    await store.reserve({ id, partition, alternatives: [{ charges: [other] }], leaseMs: 60_000 });
    books.spent = 60;
    const charges = [charge(41)];
    const joined =
      operation === 'extend'
        ? await store.extend({ id, partition, charges })
        : await store.cover({ id, partition, attemptId: newId(), alternatives: [{ charges }] });
    expect(joined.ok).toBe(false);
  });

  it('is compared again and again, raised and never lowered', async () => {
    books.spent = 10;
    await admits(charge(1));
    const seen: number[] = [];
    for (const spent of [30, 20, 40]) {
      books.spent = spent;
      await jest.advanceTimersByTimeAsync(120_000);
      seen.push(await used());
    }
    expect(seen).toEqual([30, 30, 40]);
  });

  it('asks the ledger ever more rarely where nothing changes, and not after the window', async () => {
    await admits(charge(1));
    await jest.advanceTimersByTimeAsync(12 * 3_600_000 - 1_000);
    const times = books.asked.length;
    expect(times).toBeGreaterThan(10);
    expect(times).toBeLessThan(20);
    await jest.advanceTimersByTimeAsync(86_400_000);
    expect(books.asked).toHaveLength(times);
    expect(await used()).toBe(0);
  });
});

describe('a caller with a value that the ledger cannot be searched by', () => {
  it.each([
    ['a long one, of which the counter has a hash', 'usd/day/tenant=acme/team=sha256-abc'],
    ['one with a NUL', 'usd/day/tenant=acme/team=a%00b'],
    ['one that is not encoded', 'usd/day/tenant=acme/team=%zz'],
  ])('is admitted from 0: %s', async (_name, odd) => {
    books.spent = 60;
    expect(await admits(charge(100, { counter: odd }))).toBe(true);
    // It does not keep the counters of others from being filled.
    expect(await admits(charge(41))).toBe(false);
  });
});

describe('a limit whose window begins at 0', () => {
  it.each([
    ['is older than its window', Date.UTC(2026, 10, 24), {}],
    ['counts only some calls of its scope', noon, { definition: undefined }],
  ])('%s', async (_name, definedMs, more) => {
    books.definedMs = definedMs;
    books.spent = 60;
    expect(await admits(charge(100, more))).toBe(true);
    expect(books.asked).toEqual([]);
  });

  it.each([
    ['has a custom scope', { counter: `${counter}/path=x` }],
    ['has a scope of which the counter has a hash', { counter: 'usd/day/tenant=acme/user=sha256-abc' }],
    ['counts requests', { counter: 'requests/day/tenant=acme', unit: 'requests' as const }],
  ])('%s, and warns', async (name, more) => {
    books.spent = 60;
    const warned: string[] = [];
    const off = subscribe('tollgate:warning', ({ message }) => warned.push(message));
    expect(await admits(charge(100, { ...more, definition: name }))).toBe(true);
    await jest.advanceTimersByTimeAsync(0);
    off();
    expect(warned).toEqual([expect.stringContaining(`The limit "${name}" is used for the first time`)]);
  });
});
