/** A factor as a fraction, so that money stays exact: [7n, 4n] is 1.75. */
export type TierMultiplier = readonly [by: bigint, over: bigint];

/** The ordinary price. */
export const ordinaryPrice: TierMultiplier = [1n, 1n];
const one = ordinaryPrice;
const half: TierMultiplier = [1n, 2n];

/**
 * OpenAI's priority processing against its standard prices (platform.openai.com/docs/pricing, "Priority"), by the
 * catalogue's model names. Models that are missing have no documented priority price and are refused with that tier.
 */
const openaiPriority: Readonly<Record<string, TierMultiplier>> = {
  'gpt-4.1': [7n, 4n],
  'gpt-4.1-mini': [7n, 4n],
  'gpt-4.1-nano': [2n, 1n],
  'gpt-4o': [17n, 10n],
  'gpt-4o-2024-05-13': [7n, 4n],
  'gpt-4o-mini': [5n, 3n],
  'gpt-5': [2n, 1n],
  'gpt-5-mini': [9n, 5n],
  'gpt-5.1': [2n, 1n],
  'gpt-5.2': [2n, 1n],
  'gpt-5.4': [2n, 1n],
  'gpt-5.5': [5n, 2n],
  o3: [7n, 4n],
  'o4-mini': [20n, 11n],
};

/** OpenAI's flex processing costs half (same page, "Flex"), for the families that offer it. */
const openaiFlex = ['gpt-5', 'gpt-6', 'o3', 'o4-mini'];

/** Anthropic's fast mode against standard prices (platform.claude.com/docs, "Fast mode"), by the catalogue's model names. */
const anthropicFast: Readonly<Record<string, TierMultiplier>> = {
  'claude-opus-4-6': [6n, 1n],
  'claude-opus-4-7': [6n, 1n],
};

/** Names of the ordinary price. Anthropic's `priority` is capacity bought beforehand, at the ordinary token prices. */
const ordinary: Readonly<Record<string, TierMultiplier>> = {
  auto: one,
  default: one,
  standard: one,
  standard_only: one,
  on_demand: one,
  unspecified: one,
  scale: one,
  service_tier_unspecified: one,
};

/** The tiers of a catalogue model whose price is documented. */
export function tiersOf(provider: string, model: string): Readonly<Record<string, TierMultiplier>> {
  if (provider === 'openai') {
    const priority = Object.hasOwn(openaiPriority, model) ? openaiPriority[model] : undefined;
    const flex = openaiFlex.some((family) => model.startsWith(family));
    return { ...ordinary, ...(priority && { priority }), ...(flex && { flex: half }), batch: half };
  }
  if (provider === 'anthropic') {
    const fast = Object.hasOwn(anthropicFast, model) ? anthropicFast[model] : undefined;
    return { ...ordinary, priority: one, batch: half, ...(fast && { fast }) };
  }
  if (provider === 'google') return { ...ordinary, flex: half, batch: half };
  return ordinary;
}

/** The dearest tier of a provider, for a tier reported in a response that is not in the tables: never priced too low. */
export function dearestTierOf(provider: string): TierMultiplier {
  return provider === 'anthropic' ? [6n, 1n] : [5n, 2n];
}
