/** A factor as a fraction, so that money stays exact: [7n, 4n] is 1.75. */
export type TierMultiplier = readonly [by: bigint, over: bigint];

/** The ordinary price. */
export const ordinaryPrice: TierMultiplier = [1n, 1n];
const one = ordinaryPrice;
const half: TierMultiplier = [1n, 2n];

/**
 * OpenAI's fast mode, named priority processing until July 2026, as a multiple of its standard prices (openai.com/api-fast-mode, 2026-11),
 * by the catalogue's model names. Where input and output differ, the higher one: gpt-5.6-sol's standard price has fallen since. Models that
 * are missing have no documented price and are refused with that tier.
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
  'gpt-5.4-mini': [2n, 1n],
  'gpt-5.5': [5n, 2n],
  'gpt-5.6-luna': [2n, 1n],
  'gpt-5.6-sol': [3n, 1n],
  'gpt-5.6-terra': [2n, 1n],
  o3: [7n, 4n],
  'o4-mini': [20n, 11n],
};

/** OpenAI's flex processing costs half, as batches do (developers.openai.com/api/docs/guides/flex-processing), for the families that offer it. */
const openaiFlex = ['gpt-5', 'gpt-6', 'o3', 'o4-mini'];

/**
 * Anthropic's fast mode as a multiple of standard prices (platform.claude.com/docs/en/build-with-claude/fast-mode), by the catalogue's
 * model names. Opus 4.6 and 4.7 no longer have it: a request for it is reserved at its price and charged by the tier in the response.
 */
const anthropicFast: Readonly<Record<string, TierMultiplier>> = {
  'claude-opus-4-6': [6n, 1n],
  'claude-opus-4-7': [6n, 1n],
  'claude-opus-4-8': [2n, 1n],
  'claude-opus-5': [2n, 1n],
};

/**
 * Names of the ordinary price. Anthropic's `priority` is prepaid capacity (platform.claude.com/docs/en/api/service-tiers), at the ordinary
 * token prices.
 */
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
    const fast = priority && { priority, fast: priority };
    return { ...ordinary, ...fast, ...(flex && { flex: half }), batch: half };
  }
  if (provider === 'anthropic') {
    const fast = Object.hasOwn(anthropicFast, model) ? anthropicFast[model] : undefined;
    return { ...ordinary, priority: one, batch: half, ...(fast && { fast }) };
  }
  if (provider === 'google') return { ...ordinary, flex: half, batch: half };
  return ordinary;
}

/**
 * For a tier that a response reports and that is not in the tables: the highest factor that the provider publishes, so that it is not priced
 * too low. Anthropic: 6 for fast mode. OpenAI and Azure, which resells it: 3 for `gpt-5.6-sol`. Google: 2, above its priority tier of 1.8
 * (ai.google.dev/gemini-api/docs/pricing, 2026-11). Other providers publish no prices by tier: their names, such as OpenRouter's `provisioned`, cost
 * the ordinary price.
 */
const dearest: Readonly<Record<string, TierMultiplier>> = {
  anthropic: [6n, 1n],
  openai: [3n, 1n],
  azure: [3n, 1n],
  google: [2n, 1n],
};

/** The factor for a tier that a provider reports and no table lists. */
export const unknownTierOf = (provider: string): TierMultiplier =>
  (Object.hasOwn(dearest, provider) ? dearest[provider] : undefined) ?? one;
