import type { Caller, Plans } from '@tollgate/core';
import { type LaneSettings, planOf } from '@tollgate/core/internal';

/** Above every rank of batch work: whatever its plan, it gives way to those who wait for an answer. */
const urgentRank = 101;

/** Two lanes for each plan, one of them for its batch work; and two for callers without a plan. */
export class Lanes {
  readonly settings: readonly LaneSettings[];
  readonly #plans: Plans | undefined;
  readonly #positions = new Map<string, number>();

  constructor(plans: Plans | undefined) {
    this.#plans = plans;
    const settings = pairOf(0);
    for (const { name, priority } of Object.values(plans ?? {})) {
      this.#positions.set(name, settings.length);
      settings.push(...pairOf(priority));
    }
    this.settings = settings;
  }

  /** Where a caller waits. Throws a TollgateError (403) for a plan that is not defined. */
  positionOf(caller: Caller | undefined, batch: boolean): number {
    const plan = this.#plans && caller && planOf(this.#plans, caller);
    const urgent = plan ? (this.#positions.get(plan.name) ?? 0) : 0;
    return batch ? urgent + 1 : urgent;
  }
}

function pairOf(priority: number): LaneSettings[] {
  const weight = 1 + priority;
  return [
    { weight, rank: urgentRank + priority, batch: false },
    { weight, rank: priority, batch: true },
  ];
}
