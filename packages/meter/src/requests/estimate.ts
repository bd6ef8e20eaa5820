import type { Estimate } from '@tollgate/core/internal';
import type { RequestFacts } from '@tollgate/wire/internal';
import { bandOf, ceilDivide, multiplierOf, nanoOf, type Price, type PriceBand } from '../prices/price.js';
import type { ToolBound } from './server-tools.js';
import type { MediaBound } from './worst-case.js';

/** The parts of an estimate. */
export interface EstimateParts {
  readonly model: string;
  readonly price: Price;
  readonly facts: RequestFacts;
  /** Bound of the text of the body, in tokens. */
  readonly textTokens: number;
  readonly media: MediaBound;
  readonly tools: ToolBound;
  /** Tier that decides the price. */
  readonly tier: string | undefined;
  /** Output cap of each answer. */
  readonly maxOutputTokens: number;
  readonly capStated: boolean;
}

/**
 * The upper bound of a call: the input bound at the highest possible input price, all responses at their cap, and the tools. Every price is
 * that of the most expensive band that an input within the bound can reach.
 */
export function estimate(parts: EstimateParts): Estimate {
  const { price, facts, model, tools } = parts;
  const each = Math.max(parts.maxOutputTokens, facts.leastOutputTokens) + facts.extraOutputTokens;
  const { text, audio } = inputOf(parts, each * facts.answers);
  const inputTokens = text + audio;
  const outputTokens = Math.min(each * facts.answers, Number.MAX_SAFE_INTEGER - inputTokens);
  const rates = dearestRates(price, inputTokens, facts);
  const factor = estimateFactor(price, parts.tier);
  const inputPico = BigInt(text) * rates.input + BigInt(audio) * rates.inputAudio;
  const inputNanoUsd = price.free ? 0 : nanoOf(raised(inputPico, factor) + price.perCall + tools.feePico);
  const outputPico = BigInt(outputTokens) * rates.output;
  const outputNanoUsd = price.free ? 0 : nanoOf(raised(outputPico, factor));
  const costNanoUsd = Math.min(inputNanoUsd + outputNanoUsd, Number.MAX_SAFE_INTEGER);
  return {
    model,
    inputTokens,
    outputTokens,
    inputNanoUsd,
    outputNanoUsd: costNanoUsd - inputNanoUsd,
    costNanoUsd,
    priceVersion: price.version,
    answers: facts.answers,
    maxOutputTokens: facts.answers === 0 ? 0 : parts.maxOutputTokens,
    capStated: parts.capStated,
  };
}

/**
 * The input of all rounds of a call. Without server-side tools there is one round. With them the model reads everything again after each
 * use: the request, the results of earlier uses, and its own output so far.
 */
function inputOf(parts: EstimateParts, outputTokens: number): { text: number; audio: number } {
  const { media, tools, price } = parts;
  let text = parts.textTokens + media.tokens + parts.facts.addedTokens;
  let audio = media.audioTokens;
  if (media.window !== undefined) {
    const opaque = Math.max(0, media.window - text - audio);
    if (media.windowIsAudio) audio += opaque;
    else text += opaque;
  }
  if (tools.uses === 0) return { text, audio };
  const { uses, inputTokensPerUse } = tools;
  const added =
    inputTokensPerUse === undefined
      ? uses * (price.contextWindow ?? 2_000_000)
      : (inputTokensPerUse * uses * (uses + 1)) / 2 + uses * outputTokens;
  return { text: Math.min(text * (uses + 1) + added, 2 ** 50), audio: Math.min(audio * (uses + 1), 2 ** 50) };
}

interface Rates {
  input: bigint;
  inputAudio: bigint;
  output: bigint;
}

function dearestRates(price: Price, inputTokens: number, facts: RequestFacts): Rates {
  if (price.bands.length === 1) return ratesOf(price.bands[0], facts);
  const reached = bandOf(price, inputTokens).above;
  const rates: Rates = { input: 0n, inputAudio: 0n, output: 0n };
  for (const band of price.bands) {
    if (band.above > reached) break;
    const here = ratesOf(band, facts);
    rates.input = larger(rates.input, here.input);
    rates.inputAudio = larger(rates.inputAudio, here.inputAudio);
    rates.output = larger(rates.output, here.output);
  }
  return rates;
}

function ratesOf(band: PriceBand, facts: RequestFacts): Rates {
  let input = larger(band.input, band.cachedInput);
  if (facts.cacheWrites !== 'never') input = larger(input, band.cacheWrite);
  if (facts.cacheWrites === 'hour') input = larger(input, band.cacheWrite1h);
  const output = larger(band.output, band.reasoning);
  return {
    input,
    inputAudio: larger(input, band.inputAudio),
    output: facts.audioOutput ? larger(output, band.outputAudio) : output,
  };
}

type Factor = readonly [by: bigint, over: bigint];

/** A tier may turn out to be the ordinary one, so a cheaper tier does not make the estimate smaller. */
function estimateFactor(price: Price, tier: string | undefined): Factor {
  const [by, over] = multiplierOf(price, tier);
  const [extraBy, extraOver] = price.surcharge;
  return by <= over ? price.surcharge : [by * extraBy, over * extraOver];
}

function raised(pico: bigint, [by, over]: Factor): bigint {
  return ceilDivide(pico * by, over);
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
