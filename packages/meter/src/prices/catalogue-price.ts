import type { ModelInfo, ModelPrice, TieredPrices } from '@pydantic/genai-prices';
import type { Price, PriceBand } from './price.js';
import { feeOf, rateOf } from './rate.js';
import { ordinaryPrice, tiersOf, unknownTierOf } from './service-tier.js';

/**
 * Audio prices of OpenAI's chat models that the catalogue leaves out (platform.openai.com/docs/pricing, "Audio tokens"),
 * in dollars per million: input, output.
 */
const audioPrices: Readonly<Record<string, readonly [input: string, output: string]>> = {
  'gpt-4o-audio-preview': ['40', '80'],
  'gpt-4o-mini-audio-preview': ['10', '20'],
};

/** Fees that both providers publish per use and the catalogue does not give for every model, in dollars per thousand. */
const toolFees: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  openai: { web_search: '10', file_search: '2.5' },
  azure: { web_search: '10', file_search: '2.5' },
  anthropic: { web_search: '10', web_fetch: '0' },
};

/** A catalogue price at one moment, ready to compute with; `undefined` where it contains nothing usable. */
export function cataloguePrice(
  provider: string,
  model: ModelInfo,
  price: ModelPrice,
  version: string,
): Price | undefined {
  if (price.input_mtok === undefined && price.requests_kcount === undefined) return undefined;
  const starts = startsOf(price);
  const [first, ...rest] = starts.map((above) => bandAt(price, above, model.id));
  if (!first) return undefined;
  const audio = audioPrices[model.id];
  return {
    provider,
    model: model.id,
    free: false,
    declared: false,
    version,
    bands: [first, ...rest],
    perCall: fee(price.requests_kcount) ?? 0n,
    tools: toolsOf(provider, price),
    showsAllTokens: undefined,
    audioPriced: provider === 'google' || audio !== undefined || price.input_audio_mtok !== undefined,
    contextWindow: windowOf(model, starts),
    tiers: tiersOf(provider, model.id),
    surcharge: ordinaryPrice,
    unknownTier: unknownTierOf(provider),
  };
}

/** The catalogue gives the smaller window of models that are sold with a longer one at a long-context price. */
function windowOf(model: ModelInfo, starts: readonly number[]): number | undefined {
  if (starts.length > 1) return Math.max(model.context_window ?? 0, 2_000_000);
  return model.context_window;
}

function startsOf(price: ModelPrice): number[] {
  const starts = new Set([-1]);
  for (const value of Object.values(price)) {
    if (isTiered(value)) for (const tier of value.tiers) starts.add(tier.start);
  }
  return [...starts].sort((a, b) => a - b);
}

function bandAt(price: ModelPrice, above: number, id: string): PriceBand {
  const rate = (name: string): bigint | undefined => {
    const value = price[name];
    if (value === undefined) return undefined;
    if (!isTiered(value)) return rateOf(value);
    let amount = value.base;
    for (const tier of value.tiers) if (above >= tier.start) amount = tier.price;
    return rateOf(amount);
  };
  const audio = audioPrices[id];
  const input = rate('input_mtok') ?? 0n;
  const cacheWrite = rate('cache_write_mtok') ?? input;
  // A model that generates images or video reports one figure for its output: it is priced as the most expensive kind.
  const output = dearest(rate('output_mtok') ?? 0n, rate('output_image_mtok'), rate('output_video_mtok'));
  return {
    above,
    input: dearest(input, rate('input_image_mtok'), rate('input_video_mtok')),
    cachedInput: rate('cache_read_mtok') ?? input,
    cacheWrite,
    // Anthropic's one-hour writes cost twice the input wherever its models are sold.
    cacheWrite1h: rate('cache_write_1h_mtok') ?? (id.includes('claude') ? input * 2n : cacheWrite),
    inputAudio: (audio && rateOf(audio[0])) ?? rate('input_audio_mtok') ?? input,
    output,
    reasoning: dearest(output, rate('output_reasoning_mtok'), rate('output_citation_mtok')),
    outputAudio: (audio && rateOf(audio[1])) ?? rate('output_audio_mtok') ?? output,
  };
}

function toolsOf(provider: string, price: ModelPrice): Record<string, bigint> {
  const published = Object.entries(toolFees[provider] ?? {}).map(
    ([name, usd]) => [name, feeOf(usd)] as const,
  );
  const searches = fee(price.web_searches_kcount);
  const stores = fee(price.storage_searches_kcount);
  return {
    ...Object.fromEntries(published),
    ...(searches !== undefined && { web_search: searches }),
    ...(stores !== undefined && { file_search: stores }),
  };
}

function fee(value: number | TieredPrices | undefined): bigint | undefined {
  return typeof value === 'number' ? feeOf(value) : undefined;
}

function isTiered(value: number | TieredPrices | undefined): value is TieredPrices {
  return typeof value === 'object';
}

function dearest(first: bigint, ...others: readonly (bigint | undefined)[]): bigint {
  return others.reduce<bigint>((most, other) => (other !== undefined && other > most ? other : most), first);
}
