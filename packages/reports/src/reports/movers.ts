import type { UsageSum } from './usage-report.js';

/** How the cost of one value has changed against the period before. */
export interface Mover {
  readonly by: Readonly<Record<string, string | null>>;
  readonly costNanoUsd: string;
  readonly previousNanoUsd: string;
  readonly changeNanoUsd: string;
}

/** Pairs two periods, the largest change first, up or down; at most `limit`. */
export function moversOf(now: readonly UsageSum[], previous: readonly UsageSum[], limit: number): Mover[] {
  const before = new Map(previous.map((sum) => [keyOf(sum), sum]));
  const after = new Map(now.map((sum) => [keyOf(sum), sum]));
  return [...new Set([...after.keys(), ...before.keys()])]
    .map((key) => {
      const cost = BigInt(after.get(key)?.costNanoUsd ?? 0);
      const earlier = BigInt(before.get(key)?.costNanoUsd ?? 0);
      const by = (after.get(key) ?? before.get(key))?.by ?? {};
      return { by, cost, earlier, change: cost - earlier };
    })
    .filter(({ change }) => change !== 0n)
    .sort((a, b) => (size(a.change) > size(b.change) ? -1 : size(a.change) < size(b.change) ? 1 : 0))
    .slice(0, limit)
    .map(({ by, cost, earlier, change }) => ({
      by,
      costNanoUsd: String(cost),
      previousNanoUsd: String(earlier),
      changeNanoUsd: String(change),
    }));
}

const keyOf = ({ by }: UsageSum): string => JSON.stringify(Object.values(by));
const size = (amount: bigint): bigint => (amount < 0n ? -amount : amount);
