import type { RouteCandidate, RouteDecision, RouteExclusion, RouteInputs, RouteWhy } from './route-inputs.js';

interface Ranked {
  readonly target: string;
  readonly weight: number;
  /** How far it misses the requirements, weighted by importance. 0: meets all. */
  readonly shortfall: number;
  /** The cost of its response, waiting included, in nano-dollars. */
  readonly score: number;
}

/**
 * Ranks the models that are allowed and able to serve the request: those that are up, have room and meet the targets before those that do
 * not, cheaper before more expensive, waiting priced in. Within the best class a canary, the model used for the caller before, or the
 * task's weights may come first. Pure: the log of its inputs gives the same decision again.
 */
export function decideRoute(inputs: RouteInputs): RouteDecision {
  const excluded: Record<string, RouteExclusion> = {};
  const ranked: Ranked[] = [];
  for (const candidate of inputs.candidates) {
    const why = exclusionOf(candidate, inputs);
    if (why) excluded[candidate.target] = why;
    else ranked.push(rankOf(candidate, inputs));
  }
  ranked.sort(
    (one, other) =>
      one.shortfall - other.shortfall || one.score - other.score || (one.target < other.target ? -1 : 1),
  );
  const best = ranked.filter(({ shortfall }) => shortfall === ranked[0]?.shortfall);
  const [first, why] = firstOf(best, inputs);
  const targets = ranked.map(({ target }) => target);
  return {
    ranked: first === undefined ? targets : [first, ...targets.filter((target) => target !== first)],
    why,
    excluded,
  };
}

function exclusionOf(candidate: RouteCandidate, { quality }: RouteInputs): RouteExclusion | undefined {
  if (!candidate.allowed) return 'not-allowed';
  if (!candidate.takes) return 'other-format';
  if (candidate.quality < quality) return 'below-quality';
  return candidate.costNanoUsd === null ? 'no-price' : undefined;
}

function rankOf(candidate: RouteCandidate, inputs: RouteInputs): Ranked {
  const { target, weight, health, hasRoom, firstTokenP50Ms, firstTokenP95Ms, tokensPerSecond } = candidate;
  const costNanoUsd = candidate.costNanoUsd ?? 0;
  const { firstTokenMs, maxCostNanoUsd } = inputs;
  const late = firstTokenMs !== null && firstTokenP95Ms !== null && firstTokenP95Ms > firstTokenMs;
  const dear = maxCostNanoUsd !== null && costNanoUsd > maxCostNanoUsd;
  const shortfall =
    (health === 'down' ? 8 : 0) + (hasRoom ? 0 : 4) + (late || health === 'slow' ? 2 : 0) + (dear ? 1 : 0);
  // An unmeasured model counts as fast: so it gets measured.
  const seconds =
    (firstTokenP50Ms ?? 0) / 1_000 + (tokensPerSecond ? inputs.outputTokens / tokensPerSecond : 0);
  return { target, weight, shortfall, score: costNanoUsd + seconds * inputs.nanoUsdPerSecond };
}

function firstOf(best: readonly Ranked[], inputs: RouteInputs): [string | undefined, RouteWhy] {
  const { canary, stuckTo, draw } = inputs;
  const isBest = (name: string | null): name is string => best.some(({ target }) => target === name);
  if (canary && draw < canary.share && isBest(canary.target)) return [canary.target, 'canary'];
  const others = best.length > 1 ? best.filter(({ target }) => target !== canary?.target) : best;
  if (isBest(stuckTo)) return [stuckTo, 'sticky'];
  const total = others.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return [others[0]?.target, 'cheapest'];
  const share = canary?.share ?? 0;
  // The rest of the draw after the canary's share, scaled to the weights.
  let left = (draw < share ? draw / share : (draw - share) / (1 - share)) * total;
  for (const { target, weight } of others) {
    left -= weight;
    if (left < 0) return [target, 'weight'];
  }
  return [others.findLast(({ weight }) => weight > 0)?.target, 'weight'];
}
