import type { Usage } from '@tollgate/core';
import type { GuardOptions, OutgoingRequest, ParsedCall } from '@tollgate/core/internal';
import { completed, type ReportedUsage } from '@tollgate/wire/internal';
import { costOf, type Price } from '../prices/price.js';
import { priceCatalogue } from '../prices/price-catalogue.js';
import { MeteredCall } from '../requests/metered-call.js';
import { parseCall } from '../requests/parse-call.js';
import type { ParseOptions } from '../requests/parse-options.js';
import { parseSettings } from '../requests/parse-settings.js';
import { searchesByItself } from '../requests/searching-models.js';
import type { UsagePrice } from '../usage/settle.js';

/** Parses and prices calls. Created once for each factory. */
export interface Engine {
  /** `undefined` where the wire format is unknown. @throws TollgateError for a call without a bound or a price. */
  parse(outgoing: OutgoingRequest): ParsedCall | undefined;
  /** The price of a call's usage, with what the response shows beside it. */
  priceOf(call: ParsedCall, usage: Usage, shown?: ShownByResponse): UsagePrice;
  /** Whether calls of a model, by its name on the wire, have a price. */
  isPriced(provider: string, model: string): boolean;
  /** The price of a usage by names alone; `undefined` where there is none. */
  priceByName(provider: string, model: string, usage: Usage): UsagePrice | undefined;
}

/** What a response shows beside its usage. */
interface ShownByResponse {
  /** The model that the provider names. */
  readonly model: string | undefined;
  readonly reported: Pick<ReportedUsage, 'statedNanoUsd' | 'others'> | undefined;
}

/**
 * Providers whose stated cost is used, where it is higher than the catalogue's price: their routes have different prices, and plugins and searches have
 * fees. Elsewhere the field may belong to anyone.
 */
const statesCosts: readonly string[] = ['openrouter', 'x-ai'];

const nothingShown: ShownByResponse = { model: undefined, reported: undefined };
const noTokens = { inputTokens: 0, outputTokens: 0 };

/** Providers whose model names are chosen by the customer or cover several models: the model that answered may cost more than the named one. */
const namesAreLoose: readonly string[] = ['azure', 'openrouter'];

/** Makes an engine of options that were checked with `parseChecks`. */
export function makeEngine(options: ParseOptions & Pick<GuardOptions, 'mode'>, now: () => number): Engine {
  const prices = priceCatalogue({ prices: options.prices, now });
  const settings = parseSettings(options, prices);
  const declared = options.prices ?? {};
  const isDeclared = (provider: string, model: string): boolean =>
    Object.hasOwn(declared, model) || Object.hasOwn(declared, `${provider}/${model}`);

  /** The cost of the dispatched model, unless the provider's names are loose and a more expensive one answered. */
  function dearest(call: ParsedCall, price: Price, usage: Usage, answeredBy: string | undefined): number {
    const costNanoUsd = costInTier(call, price, usage);
    const { provider, model } = call;
    if (answeredBy === undefined || answeredBy === model || price.free) return costNanoUsd;
    if (!namesAreLoose.includes(provider) || isDeclared(provider, model)) return costNanoUsd;
    const other = prices.find(provider, answeredBy);
    return other ? Math.max(costNanoUsd, costInTier(call, other, usage)) : costNanoUsd;
  }

  /** The cost of another model's part in an answer; by the call's price where it has none. */
  function costOfOther(provider: string, model: string, usage: ReportedUsage, price: Price): number {
    return costOf(prices.find(provider, model) ?? price, completed(usage, noTokens, 'provider'));
  }

  return {
    parse: (outgoing) => parseCall(outgoing, settings),
    priceOf(call, usage, { model: answeredBy, reported } = nothingShown) {
      const price = call instanceof MeteredCall ? call.price : prices.find(call.provider, call.model);
      if (!price) return { costNanoUsd: 0, priceVersion: prices.version };
      if (price.free) return { costNanoUsd: 0, priceVersion: price.version };
      const stated = statesCosts.includes(call.provider) ? (reported?.statedNanoUsd ?? 0) : 0;
      const own = dearest(call, price, usage, answeredBy);
      const others = (reported?.others ?? []).reduce(
        (sum, other) => sum + costOfOther(call.provider, other.model, other.usage, price),
        0,
      );
      return { costNanoUsd: Math.max(own + others, stated), priceVersion: price.version };
    },
    isPriced(provider, wireName) {
      const model = settings.modelOf(wireName);
      const price = prices.find(provider, model);
      return price !== undefined && (price.declared || !searchesByItself(model));
    },
    priceByName(provider, model, usage) {
      const price = prices.find(provider, settings.modelOf(model));
      return price && { costNanoUsd: costOf(price, usage), priceVersion: price.version };
    },
  };
}

/** A response without a service tier is charged at the higher of the ordinary price and that of the requested tier. */
function costInTier(call: ParsedCall, price: Price, usage: Usage): number {
  const cost = costOf(price, usage);
  const asked = call instanceof MeteredCall ? call.facts.tier : undefined;
  if (usage.tier !== undefined || asked === undefined) return cost;
  return Math.max(cost, costOf(price, { ...usage, tier: asked.name }));
}
