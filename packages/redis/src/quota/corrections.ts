import type { AdjustRequest, WindowSpend } from '@tollgate/core/internal';
import { placeOfSpend } from '../rebuild/spend-place.js';
import { partitionOf } from '../script/partition.js';
import type { ScriptCaller } from '../script/script-caller.js';
import type { Standings } from '../script/standings.js';
import { widePartition } from '../wire/wide-part.js';

/** Changes of counters by their names alone, in open calendar windows. Each partition is a separate step. */
export class Corrections {
  readonly #caller: ScriptCaller;
  readonly #standings: Standings;
  readonly #partitions: number;
  readonly #look: (partition: string) => Promise<unknown>;

  /** `look`: reads a tenant's partition, from which the server's clock and the partition's generation are learned. */
  constructor(
    caller: ScriptCaller,
    standings: Standings,
    partitions: number,
    look: (partition: string) => Promise<unknown>,
  ) {
    this.#caller = caller;
    this.#standings = standings;
    this.#partitions = partitions;
    this.#look = look;
  }

  /** In the generation that is known before the adjustment is recorded: a partition that is rebuilt meanwhile has it from the ledger. */
  async adjust({ id, partition, charges, recorded }: AdjustRequest, rememberMs: number): Promise<boolean> {
    const known = await this.#placed(partition, charges);
    if (!(await recorded())) return false;
    await Promise.all(
      known.map(({ at, entries, generation }) =>
        this.#caller.callIn(generation, 'adjust', at, [() => JSON.stringify([id, rememberMs, entries])]),
      ),
    );
    return true;
  }

  /** Raises used amounts to these at least. A partition that is rebuilt meanwhile is left as it is. */
  async raise(partition: string, spends: readonly WindowSpend[]): Promise<void> {
    const known = await this.#placed(partition, spends);
    await Promise.all(
      known.map(({ at, entries, generation }) =>
        this.#caller.callIn(generation, 'raise', at, [() => JSON.stringify(entries)]),
      ),
    );
  }

  /** [key, end of window, amount] of each open window, by partition: that of `partition` where a counter's key does not name it. */
  async #placed(
    partition: string,
    spends: readonly WindowSpend[],
  ): Promise<{ at: number; entries: unknown[]; generation: number }[]> {
    await Promise.all([this.#look(partition), this.#look(widePartition)]);
    const byPartition = new Map<number, unknown[]>();
    for (const spend of spends) {
      const place = placeOfSpend(spend, this.#partitions, this.#caller.storeMs);
      if (!place) continue;
      const at = place.partition ?? partitionOf(partition, this.#partitions);
      const entries = byPartition.get(at) ?? [];
      entries.push([place.key, place.endsAtMs, place.amount]);
      byPartition.set(at, entries);
    }
    return [...byPartition].map(([at, entries]) => {
      return { at, entries, generation: this.#standings.of(at).generation };
    });
  }
}
