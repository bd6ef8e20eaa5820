import { describe, expect, it } from '@jest/globals';
import { StraySlices } from '../src/slices/stray-slices.js';

const key = 'c:usd/month/global|2026-11';

/** A counter, slices of dead processes, and a ledger, as one process sees them. */
function ground() {
  const at = { used: 1_000, ledger: 900, strays: new Map<string, number>(), lowered: 0 };
  let meanwhile: () => void = () => undefined;
  const answer = (order: readonly unknown[]): unknown => {
    if (order[0] === 'list') {
      return [...at.strays].map(([id, amount]) => [id, '0', String(amount), key, String(at.used)]);
    }
    if (order[0] === 'used') return [[String(at.used), '0']];
    const [, ids, , amount] = order as [string, string[], string, number];
    if (!ids.every((id) => at.strays.has(id))) return 0;
    for (const id of ids) at.strays.delete(id);
    at.used -= amount;
    at.lowered += amount;
    return 1;
  };
  const process = new StraySlices({
    caller: {
      storeMs: 1_000_000,
      call: async (_name, _partition, texts) =>
        texts.map((text) => answer(JSON.parse(String(text(undefined as never))))),
    },
    partitions: [0],
    streamsOf: () => [0],
    streamOf: () => ({ latest: async () => '1-1', isDelivered: async () => true }),
    spent: {
      async spentIn() {
        meanwhile();
        return [at.ledger];
      },
      openWindows: async () => [],
    },
    everyMs: 1_000,
  });
  const rounds = async (count: number, each: (round: number) => void = () => undefined): Promise<void> => {
    for (let round = 0; round < count; round += 1) {
      meanwhile = () => each(round);
      await process.round();
    }
  };
  return { at, rounds };
}

describe('looking for what slices of dead processes were charged and never spent', () => {
  it('gives back what the counter has beyond the ledger, and no more than was charged for them', async () => {
    const one = ground();
    one.at.strays.set('a', 150);
    await one.rounds(3);
    expect(one.at).toMatchObject({ used: 900, lowered: 100 });
    const other = ground();
    other.at.strays.set('a', 30);
    await other.rounds(3);
    expect(other.at).toMatchObject({ used: 970, lowered: 30 });
  });

  it('begins anew with other slices: what was found before, and another process has given back, is not given back again', async () => {
    const { at, rounds } = ground();
    at.strays.set('a', 100);
    await rounds(2);
    // Another process comes first; then a process dies whose slice was spent but for 10.
    at.strays.delete('a');
    at.used = 910;
    at.strays.set('b', 200);
    await rounds(3);
    expect(at).toMatchObject({ used: 900, lowered: 10 });
  });

  it('leaves what is corrected meanwhile to those who correct it, on the counter before the ledger is asked or after', async () => {
    const before = ground();
    before.at.strays.set('a', 100);
    before.at.ledger = 1_000;
    await before.rounds(3, (round) => {
      if (round !== 1) return;
      before.at.used -= 60;
      before.at.ledger -= 60;
    });
    expect(before.at).toMatchObject({ used: 940, ledger: 940, lowered: 0 });
    const after = ground();
    after.at.strays.set('a', 100);
    after.at.ledger = 1_000;
    await after.rounds(3, (round) => {
      // The ledger knows it in this look, the counter in the next.
      if (round === 1) after.at.ledger -= 60;
      if (round === 2) after.at.used -= 60;
    });
    expect(after.at).toMatchObject({ used: 940, ledger: 940, lowered: 0 });
  });

  it('lets go of slices whose window is over', async () => {
    const { at, rounds } = ground();
    at.strays.set('a', 100);
    at.used = -1;
    await rounds(1);
    expect(at).toMatchObject({ lowered: 0 });
    expect(at.strays.size).toBe(0);
  });
});
