import { beforeEach, describe, expect, it } from '@jest/globals';
import { type MitigationRecord, type MitigationStore, newId, type TakenBack } from '@tollgate/core/internal';

/** A store of actions, and a second one on the same place, as the command line has it. */
interface MitigationsUnderTest {
  readonly store: MitigationStore;
  readonly other: MitigationStore;
}

const recordOf = (target: string, lastsMs = 60_000): MitigationRecord => ({
  id: newId(Date.now()),
  atMs: Date.now(),
  untilMs: Date.now() + lastsMs,
  action: 'suspend',
  outcome: 'withheld',
  target,
  tenant: 'acme',
  reason: 'spend of key k1, "quoted"',
  process: 'host:1',
});

/** The contract of every store of actions. `make` is called for each test. */
export function mitigationContract(
  name: string,
  make: () => Promise<MitigationsUnderTest> | MitigationsUnderTest,
): void {
  describe(`the store of actions ${name}`, () => {
    let given: MitigationsUnderTest;
    beforeEach(async () => {
      given = await make();
    });

    it('shows others what was stored, whole, the latest first, each once', async () => {
      const [first, second] = [recordOf('key k1'), recordOf('key k2')];
      expect(await given.other.list()).toEqual([]);
      await given.store.put(first);
      await given.store.put(second);
      const decided = { ...first, decided: { id: first.id, what: 'undo', by: 'ann' } } as const;
      await given.store.put(decided);
      expect(await given.other.list()).toEqual(
        [second, decided].sort((one, other) => (one.id < other.id ? 1 : -1)),
      );
    });

    it('shows none that has ended', async () => {
      const kept = recordOf('key k3');
      await given.store.put(recordOf('key k1', 0));
      await given.store.put(kept);
      expect((await given.other.list()).map(({ id }) => id)).toEqual([kept.id]);
      await given.store.put({ ...kept, untilMs: Date.now() });
      expect(await given.other.list()).toEqual([]);
    });

    it('hands each decision to the process that acts, once, the latest of several', async () => {
      const [mine, theirs] = [recordOf('key k1'), recordOf('key k2')];
      await given.other.decide({ id: mine.id, what: 'confirm', by: 'ann' });
      await given.other.decide({ id: mine.id, what: 'undo', by: 'bob' });
      await given.other.decide({ id: theirs.id, what: 'undo', by: 'cid' });
      expect(await given.store.take([])).toEqual([]);
      expect(await given.store.take([mine.id, 'unknown'])).toEqual([
        { id: mine.id, what: 'undo', by: 'bob' },
      ]);
      expect(await given.store.take([mine.id])).toEqual([]);
      expect(await given.store.take([theirs.id])).toHaveLength(1);
    });

    it('tells everybody what was taken back, until it ends, the latest of each matter', async () => {
      const takenBack = (matter: string, score: number, lastsMs = 60_000): TakenBack => ({
        ...{ matter, score, untilMs: Date.now() + lastsMs },
        features: [{ feature: 'usdInADay', expected: 0.25, seen: 4 }],
      });
      const odd = 'spend feature:acme/"untilMs":1/../ü';
      const [first, later, other] = [takenBack(odd, 7), takenBack(odd, 8), takenBack('cost key:k2', 9)];
      expect(await given.other.takenBack([odd])).toEqual([]);
      for (const one of [first, later, other, takenBack('spend key:k3', 9, 0)])
        await given.store.takeBack(one);
      for (const reader of [given.store, given.other, given.other]) {
        expect(await reader.takenBack([])).toEqual([]);
        expect(await reader.takenBack([odd, 'unknown', 'spend key:k3'])).toEqual([later]);
      }
      expect(await given.other.takenBack(['cost key:k2', odd])).toEqual([other, later]);
      expect(await given.other.list()).toEqual([]);
    });
  });
}
