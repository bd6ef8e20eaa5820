import type { NanoUsd, Usage } from '@tollgate/core';
import type { TierMultiplier } from './service-tier.js';

/** The price of one token of each class within one band of input length, in pico-dollars (10^-12 USD). */
export interface PriceBand {
  /** The band holds where the call's input is longer than this many tokens; -1 for the first. */
  readonly above: number;
  readonly input: bigint;
  readonly cachedInput: bigint;
  /** Written to the prompt cache for five minutes, or as long as the provider keeps it. */
  readonly cacheWrite: bigint;
  /** Written to the prompt cache for one hour. */
  readonly cacheWrite1h: bigint;
  readonly inputAudio: bigint;
  readonly output: bigint;
  readonly reasoning: bigint;
  readonly outputAudio: bigint;
}

/** The price of a model at a provider. */
export interface Price {
  readonly provider: string;
  /** The name under which the price was found: the catalogue's own, or the declared one. */
  readonly model: string;
  /** Declared free by the app: nothing is charged, and calls pass when the money is used up. */
  readonly free: boolean;
  /** The app's own price, not the catalogue's. */
  readonly declared: boolean;
  /** Catalogue version and, where the app declares prices, a hash of them. */
  readonly version: string;
  /** Rising by `above`; the band of a call decides the price of the whole call. */
  readonly bands: readonly [PriceBand, ...PriceBand[]];
  /** Fee of the call itself, in pico-dollars. */
  readonly perCall: bigint;
  /** Fee of one use of a server-side tool, in pico-dollars, by the tool's name in `Usage.toolRequests`. */
  readonly tools: Readonly<Record<string, bigint>>;
  /** Declared by the app: whether the response shows every output token that is billed. `undefined`: decided by the model's name. */
  readonly showsAllTokens: boolean | undefined;
  /** Whether audio input and output have separate prices; text prices must not be used for them. */
  readonly audioPriced: boolean;
  /** The longest input of the model, in tokens; `undefined` where the catalogue has none. */
  readonly contextWindow: number | undefined;
  /** Factors of the token prices by service tier. */
  readonly tiers: Readonly<Record<string, TierMultiplier>>;
  /** Surcharge on all token prices, for inference in one region. */
  readonly surcharge: TierMultiplier;
  /** For a tier that the provider reports and `tiers` lacks: the most expensive known tier of the provider. */
  readonly unknownTier: TierMultiplier;
}

/** A price as dollars per million tokens, exactly: a pico-dollar a token is a micro-dollar a million tokens. */
export function perMillion(pico: bigint): string {
  const digits = pico.toString().padStart(7, '0');
  const fraction = digits.slice(-6).replace(/0{0,4}$/, '');
  return `${digits.slice(0, -6)}.${fraction}`;
}

const picoPerNano = 1000n;

/** Rounds pico-dollars up to nano-dollars; at most 2^53 - 1, which is above every cap a window may have. */
export function nanoOf(pico: bigint): NanoUsd {
  const nano = (pico + picoPerNano - 1n) / picoPerNano;
  return nano > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(nano);
}

/** The band that an input of this length falls into. */
export function bandOf(price: Price, inputTokens: number): PriceBand {
  let band: PriceBand = price.bands[0];
  for (const next of price.bands) if (inputTokens > next.above) band = next;
  return band;
}

/** The multiplier of a service tier, by the name that the provider reports. */
export function multiplierOf(price: Price, tier: string | undefined): TierMultiplier {
  if (tier === undefined || tier === '') return [1n, 1n];
  const name = tier.toLowerCase();
  return (Object.hasOwn(price.tiers, name) ? price.tiers[name] : undefined) ?? price.unknownTier;
}

/**
 * The cost of a usage: every class of tokens at its price, in pico-dollars, rounded up once. Classes count as parts of the totals, so parts
 * that add up to more than their total never lower the price.
 */
export function costOf(price: Price, usage: Usage): NanoUsd {
  if (price.free) return 0;
  const band = bandOf(price, usage.inputTokens);
  const audio = Math.min(usage.inputAudioTokens, usage.inputTokens);
  const written = Math.min(usage.cacheWriteTokens, usage.inputTokens - audio);
  const written1h = Math.min(usage.cacheWrite1hTokens, written);
  const cached = Math.min(usage.cachedInputTokens, usage.inputTokens - audio - written);
  const fresh = usage.inputTokens - audio - written - cached;
  const audioOut = Math.min(usage.outputAudioTokens, usage.outputTokens);
  const reasoning = Math.min(usage.reasoningTokens, usage.outputTokens - audioOut);
  const text = usage.outputTokens - audioOut - reasoning;
  const tokens =
    part(fresh, band.input) +
    part(cached, band.cachedInput) +
    part(written - written1h, band.cacheWrite) +
    part(written1h, band.cacheWrite1h) +
    part(audio, band.inputAudio) +
    part(text, band.output) +
    part(reasoning, band.reasoning) +
    part(audioOut, band.outputAudio);
  const [by, over] = multiplierOf(price, usage.tier);
  const [extraBy, extraOver] = price.surcharge;
  return nanoOf(
    ceilDivide(tokens * by * extraBy, over * extraOver) + price.perCall + toolCost(price, usage.toolRequests),
  );
}

/** The fee of server-side tools, in pico-dollars. A tool without a fee costs only its tokens. */
function toolCost(price: Price, uses: Readonly<Record<string, number>>): bigint {
  let cost = 0n;
  for (const name in uses) cost += part(uses[name] ?? 0, price.tools[name] ?? 0n);
  return cost;
}

/** Divides and rounds up. */
export function ceilDivide(amount: bigint, by: bigint): bigint {
  return by === 1n ? amount : (amount + by - 1n) / by;
}

function part(tokens: number, rate: bigint): bigint {
  return tokens > 0 && rate > 0n ? BigInt(Math.ceil(tokens)) * rate : 0n;
}
