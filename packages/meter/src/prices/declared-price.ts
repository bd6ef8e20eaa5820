import { describeValue, type OptionCheck } from '@tollgate/core/internal';
import type { Price, PriceBand } from './price.js';
import { isDecimal, picoOf, rateOf } from './rate.js';
import { ordinaryPrice, type TierMultiplier, tiersOf, unknownTierOf } from './service-tier.js';

/** A model's price as the app declares it. Dollars as decimal text (`'0.25'`), so that no float is involved. */
export interface PriceDeclaration {
  /** Dollars per million tokens of input. */
  inputUsdPerMillion: string;
  /** Dollars per million tokens of output; `'0'` for embeddings. Required, since a forgotten price would make output free. */
  outputUsdPerMillion: string;
  /** @defaultValue inputUsdPerMillion */
  cachedInputUsdPerMillion?: string;
  /** @defaultValue inputUsdPerMillion */
  cacheWriteUsdPerMillion?: string;
  /** Written to the cache for one hour. @defaultValue cacheWriteUsdPerMillion */
  cacheWrite1hUsdPerMillion?: string;
  /** Absent: calls with audio input are refused. */
  inputAudioUsdPerMillion?: string;
  /** Absent: calls with audio output are refused. */
  outputAudioUsdPerMillion?: string;
  /** @defaultValue outputUsdPerMillion */
  reasoningUsdPerMillion?: string;
  /** Dollars per call. @defaultValue '0' */
  usdPerCall?: string;
  /** Dollars per use of a server-side tool, by its name in the usage: `{ web_search: '0.01' }`. */
  toolUsd?: Readonly<Record<string, string>>;
  /** Factors of the token prices by service tier: `{ priority: '2' }`. Undeclared tiers are refused. */
  tiers?: Readonly<Record<string, string>>;
  /** The longest input that the model takes, in tokens. Positive integer. */
  contextWindow?: number;
  /**
   * The model returns every output token that it bills: it never reasons invisibly. Where its stream is cut, at a provider with `abort:
   * 'stops'`, counters are charged the output seen instead of the amount held. Default: by the name of well-known models, else `false`.
   */
  showsAllTokens?: boolean;
}

/** Prices by model name, or by `provider/model` where the same name costs differently. */
export type PriceDeclarations = Readonly<Record<string, PriceDeclaration | 'free'>>;

const amounts = [
  'inputUsdPerMillion',
  'outputUsdPerMillion',
  'cachedInputUsdPerMillion',
  'cacheWriteUsdPerMillion',
  'cacheWrite1hUsdPerMillion',
  'inputAudioUsdPerMillion',
  'outputAudioUsdPerMillion',
  'reasoningUsdPerMillion',
  'usdPerCall',
] as const;
const maps = ['toolUsd', 'tiers'] as const;
const known: readonly string[] = [...amounts, ...maps, 'contextWindow', 'showsAllTokens'];

/** Checks the option `prices`. */
export const acceptsPrices: OptionCheck = (value) => {
  if (!isRecord(value)) return 'an object of prices by model name';
  for (const [model, price] of Object.entries(value)) {
    if (price === 'free') continue;
    const wrong = isRecord(price) ? fault(price) : `is ${describeValue(price)}`;
    if (wrong) {
      return `an object of prices by model name, each 'free' or { inputUsdPerMillion: '0.25', … } (the price of "${model}" ${wrong})`;
    }
  }
  return true;
};

function fault(price: Readonly<Record<string, unknown>>): string | undefined {
  const unknown = Object.keys(price).find((name) => !known.includes(name));
  if (unknown) return `has an unknown field "${unknown}"; known are ${known.join(', ')}`;
  if (price.inputUsdPerMillion === undefined) return 'lacks inputUsdPerMillion';
  for (const name of amounts) {
    const amount = price[name];
    if (amount !== undefined && !isDecimal(amount)) return `has ${name} ${describeValue(amount)}`;
  }
  for (const name of maps) {
    const map = price[name];
    if (map === undefined) continue;
    if (!isRecord(map) || !Object.values(map).every(isDecimal)) return `has ${name} ${describeValue(map)}`;
  }
  const window = price.contextWindow;
  if (window !== undefined && !(Number.isSafeInteger(window) && Number(window) > 0)) {
    return `has contextWindow ${describeValue(window)}`;
  }
  if (price.showsAllTokens !== undefined && typeof price.showsAllTokens !== 'boolean') {
    return `has showsAllTokens ${describeValue(price.showsAllTokens)}`;
  }
  if (price.outputUsdPerMillion === undefined) return 'lacks outputUsdPerMillion';
  return undefined;
}

/** A declared price, ready to compute with. */
export function declaredPrice(
  provider: string,
  model: string,
  declared: PriceDeclaration | 'free',
  version: string,
): Price {
  const free = declared === 'free';
  const price: PriceDeclaration = free ? { inputUsdPerMillion: '0', outputUsdPerMillion: '0' } : declared;
  const input = rateOf(price.inputUsdPerMillion);
  const output = rateOf(price.outputUsdPerMillion);
  const cacheWrite = optional(price.cacheWriteUsdPerMillion) ?? input;
  const inputAudio = optional(price.inputAudioUsdPerMillion);
  const outputAudio = optional(price.outputAudioUsdPerMillion);
  const band: PriceBand = {
    above: -1,
    input,
    cachedInput: optional(price.cachedInputUsdPerMillion) ?? input,
    cacheWrite,
    cacheWrite1h: optional(price.cacheWrite1hUsdPerMillion) ?? cacheWrite,
    inputAudio: inputAudio ?? input,
    output,
    reasoning: optional(price.reasoningUsdPerMillion) ?? output,
    outputAudio: outputAudio ?? output,
  };
  return {
    provider,
    model,
    free,
    declared: true,
    version,
    bands: [band],
    perCall: picoOf(price.usdPerCall ?? '0'),
    tools: mapped(price.toolUsd, picoOf),
    showsAllTokens: price.showsAllTokens,
    audioPriced: free || (inputAudio !== undefined && outputAudio !== undefined),
    contextWindow: price.contextWindow,
    tiers: { ...tiersOf('', model), ...mapped(price.tiers, factorOf) },
    surcharge: ordinaryPrice,
    unknownTier: dearestOf(mapped(price.tiers, factorOf)) ?? unknownTierOf(provider),
  };
}

function optional(text: string | undefined): bigint | undefined {
  return text === undefined ? undefined : rateOf(text);
}

function factorOf(text: string): TierMultiplier {
  return [picoOf(text), picoOf('1')];
}

function dearestOf(tiers: Readonly<Record<string, TierMultiplier>>): TierMultiplier | undefined {
  return Object.values(tiers).reduce<TierMultiplier | undefined>(
    (dearest, tier) => (!dearest || tier[0] > dearest[0] ? tier : dearest),
    undefined,
  );
}

function mapped<To>(
  from: Readonly<Record<string, string>> | undefined,
  to: (text: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(from ?? {}).map(([name, text]) => [name, to(text)]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
