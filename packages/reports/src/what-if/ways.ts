import type { Plan, Usage } from '@tollgate/core';
import { modelAllowed } from '@tollgate/core/internal';
import { type Pricing, priced } from './pricing.js';
import type { RecordedUsage } from './recorded-usage.js';

/** One way in which a recorded attempt could have been admitted: its usage, and its cost in nano-dollars. */
export interface ReplayedWay {
  readonly model: string;
  readonly usage: Usage;
  readonly costNanoUsd: number;
  /** Applies only while less than this share of each of the plan's caps is used or held. */
  readonly onlyBelow: number | undefined;
}

/**
 * As it was, then down the plan's ladder: with another model the same tokens at that model's price, with a smaller output cap the answer cut
 * short. A step that the plan does not allow, or that has no price, changes nothing; nor does one that prefers answers paid for before: whether there
 * would have been one is not recorded.
 */
export function replayedWays(recorded: RecordedUsage, plan: Plan, price: Pricing | undefined): ReplayedWay[] {
  const found = price && priced(price, recorded);
  const costNanoUsd =
    found?.costNanoUsd ?? Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Number(recorded.costNanoUsd)));
  const ways: ReplayedWay[] = [];
  let way: ReplayedWay = { model: recorded.model, usage: recorded.usage, costNanoUsd, onlyBelow: undefined };
  for (const step of plan.degrade) {
    if (step.refuse) return [...ways, { ...way, onlyBelow: step.at }];
    const instead = step.model && Object.hasOwn(step.model, way.model) ? step.model[way.model] : undefined;
    const model = instead !== undefined && modelAllowed(plan.models, instead) ? instead : way.model;
    const usage = cutTo(way.usage, step.maxOutputTokens);
    const next = price?.(usage, { provider: recorded.provider, model, atMs: recorded.admittedMs });
    if (!next || (model === way.model && usage === way.usage)) continue;
    ways.push({ ...way, onlyBelow: step.at });
    way = { model, usage, costNanoUsd: next.costNanoUsd, onlyBelow: undefined };
  }
  return [...ways, way];
}

function cutTo(usage: Usage, maxOutputTokens: number | undefined): Usage {
  if (maxOutputTokens === undefined || usage.outputTokens <= maxOutputTokens) return usage;
  const reasoningTokens = Math.min(usage.reasoningTokens, maxOutputTokens);
  return { ...usage, outputTokens: maxOutputTokens, reasoningTokens };
}
