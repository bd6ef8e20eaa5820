import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type {
  ProviderAmounts,
  ProviderStore,
  StatedLimit,
  TakeAnswer,
  WaitingCall,
} from '@tollgate/core/internal';

/** A store of provider state, and a second one on the same data, as in another process, on a clock of the test. */
export interface ProviderStoreUnderTest {
  readonly store: ProviderStore;
  readonly other: ProviderStore;
  advance(ms: number): void;
  end?(): Promise<void>;
}

const call = (tenant = 'acme', size: ProviderAmounts = {}): WaitingCall => ({
  tenant,
  size: { requests: 1, ...size },
});
const calls = (count: number, tenant?: string): WaitingCall[] =>
  Array.from({ length: count }, () => call(tenant));
const requests = (remaining: number, resetMs: number, limit = 10): StatedLimit => ({
  unit: 'requests',
  limit,
  remaining,
  resetMs,
});
const given = ({ taken }: TakeAnswer): boolean[] => taken.map((turn) => turn !== undefined);

/** The contract of every store of provider state. `make` is called for each test. */
export function providerStoreContract(
  name: string,
  make: () => Promise<ProviderStoreUnderTest> | ProviderStoreUnderTest,
): void {
  describe(`the store of providers ${name}`, () => {
    let test: ProviderStoreUnderTest;
    let store: ProviderStore;
    let other: ProviderStore;
    beforeEach(async () => {
      test = await make();
      ({ store, other } = test);
    });
    afterEach(() => test.end?.());
    const takes = async (list: readonly WaitingCall[], from = store): Promise<TakeAnswer> =>
      from.take('a', list);
    const state = (limits: StatedLimit[], from = store): Promise<void> =>
      Promise.resolve(from.state('a', { limits }));

    it('lets everything pass of which nothing is known', async () => {
      expect(await takes(calls(20))).toMatchObject({ waitMs: 0 });
      expect(given(await takes(calls(20))).every(Boolean)).toBe(true);
    });

    it('gives as many turns as are left, then one whenever there is room again, to either process', async () => {
      await state([requests(3, 7_000)]);
      const first = await takes(calls(3));
      // The refill of a quarter of a second is left unused.
      expect([given(first), first.waitMs]).toEqual([[true, true, false], 250]);
      test.advance(249);
      expect(given(await takes(calls(1), other))).toEqual([false]);
      test.advance(1);
      expect(given(await takes(calls(2), other))).toEqual([true, false]);
      expect(given(await takes(calls(1)))).toEqual([false]);
      expect(given(await store.take('b', calls(1)))).toEqual([true]);
    });

    it('says how long to wait for room, up to a quarter of a second, since what is left can change', async () => {
      await state([requests(5, 500)]);
      expect((await takes(calls(6))).waitMs).toBe(50);
      await state([requests(0, 50_000)]);
      expect((await takes(calls(1))).waitMs).toBe(250);
    });

    it('takes the slowest refill it has seen for the true one, so that a limit which comes back at once is not passed', async () => {
      await state([requests(8, 59_000)]);
      test.advance(29_000);
      await state([requests(0, 30_000)]);
      test.advance(28_000);
      expect(given(await takes(calls(1)))).toEqual([false]);
      test.advance(2_000);
      expect(given(await takes(calls(11)))).toEqual([...Array.from({ length: 10 }, () => true), false]);
    });

    it('knows of calls that were sent after the one whose answer states what is left', async () => {
      await state([requests(10, 0)]);
      const early = await takes(calls(1));
      await takes(calls(4), other);
      const [turn] = early.taken;
      await store.state('a', { limits: [requests(9, 6_000)], taken: turn });
      expect(given(await takes(calls(6)))).toEqual([true, true, true, true, false, false]);
    });

    it('knows of calls that were sent before anybody knew of a limit', async () => {
      const { taken } = await takes(calls(9));
      await other.state('a', { limits: [requests(9, 6_000)], taken: taken[0] });
      expect(given(await takes(calls(1)))).toEqual([false]);
      // Those that were sent long enough ago have been received.
      test.advance(2_250);
      await other.state('a', { limits: [requests(8, 12_000)], taken: taken[8] });
      expect(given(await takes(calls(2)))).toEqual([true, true]);
    });

    it('believes what is lower than its own account: somebody else uses the key as well', async () => {
      await state([requests(10, 0)]);
      const { taken } = await takes(calls(2));
      await store.state('a', { limits: [requests(2, 48_000)], taken: taken[0] });
      expect(given(await takes(calls(2)))).toEqual([false, false]);
      await store.state('a', { limits: [requests(2, 48_000)], taken: taken[1] });
      expect(given(await takes(calls(2)))).toEqual([true, false]);
    });

    it('hears nothing new in the answer to an older call', async () => {
      await state([requests(10, 0)]);
      const [older] = (await takes(calls(1))).taken;
      test.advance(1_000);
      const [newer] = (await takes(calls(1))).taken;
      await store.state('a', { limits: [requests(0, 60_000)], taken: newer });
      await other.state('a', { limits: [requests(9, 6_000)], taken: older });
      expect(given(await takes(calls(1)))).toEqual([false]);
    });

    it('sends nothing for as long as a provider says, at most a minute', async () => {
      await store.state('a', { limits: [], restMs: 3_000 });
      expect(await takes(calls(1), other)).toMatchObject({ taken: [undefined], waitMs: 250 });
      test.advance(3_000);
      expect(given(await takes(calls(1), other))).toEqual([true]);
      await store.state('a', { limits: [], restMs: 86_400_000 });
      test.advance(60_000);
      expect(given(await takes(calls(1)))).toEqual([true]);
    });

    it('counts each limit, and what was not sent is there again', async () => {
      await state([
        requests(9, 6_000),
        { unit: 'tokens', limit: 1_000, remaining: 600, resetMs: 60_000_000 },
      ]);
      const size = { tokens: 400 };
      const answer = await takes([call('acme', size), call('acme', size)]);
      const [turn] = answer.taken;
      expect(given(answer)).toEqual([true, false]);
      if (turn) await other.giveBack('a', turn);
      expect(given(await takes([call('acme', size)]))).toEqual([true]);
    });

    it('lets one call a minute find out where nothing was heard for as long, and one that is larger than the limit when all is there', async () => {
      await state([requests(0, 86_000_000)]);
      test.advance(59_000);
      expect(given(await takes(calls(1)))).toEqual([false]);
      test.advance(1_000);
      expect(given(await takes(calls(2)))).toEqual([true, false]);
      await store.state('b', { limits: [{ unit: 'tokens', limit: 100, remaining: 50, resetMs: 5_000 }] });
      const large = [call('acme', { tokens: 500 })];
      expect(given(await store.take('b', large))).toEqual([false]);
      test.advance(5_000);
      expect(given(await store.take('b', large))).toEqual([true]);
    });

    it('lets a tenant that has just come go before the next call of one with many', async () => {
      await state([requests(0, 10_000)]);
      test.advance(250);
      await takes(calls(20, 'busy'));
      for (let turn = 0; turn < 3; turn += 1) {
        test.advance(1_000);
        expect(given(await takes(calls(20, 'busy'))).filter(Boolean)).toHaveLength(1);
      }
      test.advance(500);
      await takes([call('quiet')], other);
      test.advance(500);
      expect(given(await takes(calls(20, 'busy'))).some(Boolean)).toBe(false);
      expect(given(await takes([call('quiet')], other))).toEqual([true]);
      test.advance(1_000);
      expect(given(await takes(calls(20, 'busy'))).filter(Boolean)).toHaveLength(1);
    });

    it('shares what is left between tenants that wait in one process and in another', async () => {
      await state([requests(0, 10_000)]);
      test.advance(250);
      const turns = { a: 0, b: 0, c: 0 };
      for (let second = 0; second < 30; second += 1) {
        test.advance(1_000);
        for (let round = 0; round < 2; round += 1) {
          const [one, two] = [
            await takes([...calls(3, 'a'), ...calls(3, 'b')]),
            await takes(calls(9, 'c'), other),
          ];
          turns.a += given(one).slice(0, 3).filter(Boolean).length;
          turns.b += given(one).slice(3).filter(Boolean).length;
          turns.c += given(two).filter(Boolean).length;
        }
      }
      expect(turns.a + turns.b + turns.c).toBe(30);
      for (const count of Object.values(turns)) expect(Math.abs(count - 10)).toBeLessThanOrEqual(1);
    });

    it('keeps no place for a tenant that does not ask again', async () => {
      await state([requests(0, 10_000)]);
      test.advance(250);
      await takes(calls(5, 'busy'));
      await takes([call('gone')], other);
      test.advance(1_000);
      expect(given(await takes(calls(5, 'busy'))).filter(Boolean)).toHaveLength(1);
      test.advance(1_000);
      expect(given(await takes(calls(5, 'busy'))).filter(Boolean)).toHaveLength(1);
    });

    it('opens a breaker for all, lets one of them try it, and closes it for all', async () => {
      expect(await other.openBreakers()).toEqual([]);
      expect(await other.tryBreaker('a b', 1_000)).toBe(true);
      await store.openBreaker('a b', 5_000);
      test.advance(1_000);
      expect(await other.openBreakers()).toEqual([{ id: 'a b', waitMs: 4_000 }]);
      expect(await other.tryBreaker('a b', 1_000)).toBe(false);
      test.advance(4_000);
      expect(await other.openBreakers()).toEqual([{ id: 'a b', waitMs: 0 }]);
      const tries = [await other.tryBreaker('a b', 1_000), await store.tryBreaker('a b', 1_000)];
      expect(tries).toEqual([true, false]);
      expect(await store.openBreakers()).toEqual([{ id: 'a b', waitMs: 1_000 }]);
      test.advance(1_000);
      expect(await store.tryBreaker('a b', 1_000)).toBe(true);
      await store.openBreaker('a b', 5_000);
      await other.closeBreaker('a b');
      expect(await store.openBreakers()).toEqual([]);
    });

    it('forgets a breaker that nobody has closed ten minutes after it could be tried', async () => {
      await store.openBreaker('a', 5_000);
      test.advance(605_001);
      expect(await other.openBreakers()).toEqual([]);
    });
  });
}
