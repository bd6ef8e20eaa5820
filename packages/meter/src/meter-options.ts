import type { TollgateContext, UsageSink } from '@tollgate/core';
import {
  accepts,
  checkOptions,
  type DrainBounds,
  describeValue,
  drainsCheck,
  type GuardOptions,
  guardChecks,
  type OptionChecks,
  type OutgoingRequest,
  suggestion,
  type WireApi,
  warnOnce,
} from '@tollgate/core/internal';
import { wireApis } from '@tollgate/wire';
import { fetchChecks, type MeteredFetchOptions } from './fetch/metered-fetch-options.js';
import { acceptsLabelHeader, acceptsLabels, type LabelHeader, type Labels } from './labels.js';
import type { PriceDeclarations } from './prices/declared-price.js';
import { catalogueProviders, isCatalogued, isPricedSomewhere } from './prices/known-prices.js';
import { type ParseOptions, parseChecks } from './requests/parse-options.js';

/** Options of {@link meter}. Those of {@link ParseOptions} determine how calls are read, bounded and priced. */
export interface MeterOptions extends GuardOptions, ParseOptions, Omit<MeteredFetchOptions, 'outside'> {
  /**
   * Wire format of the request's body, for routes whose path does not show it: `meter({ api: 'openai-chat' })` on `/chat`. Absent:
   * recognised by path; other routes declare no call.
   */
  api?: WireApi;
  /**
   * The real destination of a declared call: `meter({ dispatch: handler.dispatch })` with a `proxy()` that translates or routes. The call
   * is priced and reserved as the returned request. May throw the refusal of a call that cannot be made. Absent: the request's path and
   * body decide.
   */
  dispatch?: (outgoing: OutgoingRequest, context: TollgateContext) => OutgoingRequest;
  /** Receivers of usage events, unless the budget's store delivers them to its own sinks. @defaultValue [] */
  sinks?: readonly UsageSink[];
  /** Labels of every request, in its usage events. They give way to a route's and to the verified caller's. */
  labels?: Labels;
  /** Lets callers with a scope label their own requests; every other source of labels wins over it. Absent: no caller may. */
  labelHeader?: LabelHeader;
  /** Reads usage out of the response, for proxies of third parties. Counts only where no call was begun. */
  tap?: 'response';
  /**
   * How many calls may continue at once without their client, of all tenants and of one; beyond it they are aborted.
   * @defaultValue { total: 256, perTenant: 32 }, shared by the whole process
   */
  maxDrains?: DrainBounds;
  /** Answers `x-tollgate-cost`, in dollars, where the cost is known before the headers are sent. @defaultValue false */
  exposeCost?: boolean;
  /**
   * A secret of at least 16 characters: usage events then carry `promptHash`, keyed by it and by the tenant, so that `advise()` can find
   * repeated prompts. No text is kept. Use the same secret in all processes; with a new one all hashes change. A function returns the secret
   * to use now. Absent: no hash.
   */
  promptHashSecret?: string | (() => string);
  /** Clock, in ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

const { outside: _, ...innerFetchChecks } = fetchChecks;

/** Checks the options of `meter()` at start. Throws a `TypeError`, also for a provider or a model without a price. */
export function checkMeterOptions(options: MeterOptions): void {
  checkOptions<MeterOptions>('meter', options, meterChecks);
  const { provider, prices = {}, models = {}, baseUrls = {} } = options;
  const named = [
    ...(provider === undefined ? [] : [['provider', provider] as const]),
    ...Object.values(baseUrls).map((name) => ['baseUrls', name] as const),
  ];
  for (const [option, provider] of named) {
    if (Object.keys(prices).length > 0 || isCatalogued(provider)) continue;
    throw new TypeError(
      `meter: "${option}" must be one of the price catalogue${suggestion(provider, catalogueProviders)}, or its models in "prices", received ${describeValue(provider)}`,
    );
  }
  warnOfCachedPrices(prices);
  for (const [alias, model] of Object.entries(models)) {
    if (isPricedSomewhere(model, { prices })) continue;
    throw new TypeError(
      `meter: "models" says that ${describeValue(alias)} is ${describeValue(model)}, which has no price; declare one in "prices"`,
    );
  }
}

/** Providers charge a tenth to a half for input that they had cached (their price pages, 2026-11): without a price for it, bills are too high. */
function warnOfCachedPrices(prices: PriceDeclarations): void {
  const without = Object.entries(prices).filter(([, price]) => {
    if (price === 'free' || price.cachedInputUsdPerMillion !== undefined) return false;
    // A model without output, such as one for embeddings, has no cached input.
    return isPositive(price.inputUsdPerMillion) && isPositive(price.outputUsdPerMillion);
  });
  if (without.length === 0) return;
  const names = without.map(([model]) => model);
  const shown =
    names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
  warnOnce(
    'TOLLGATE_W_CACHED_PRICE',
    `meter(): the declared price of ${shown} has no "cachedInputUsdPerMillion": input that the provider had cached is charged as any other. Declare it, or the same as "inputUsdPerMillion" where the provider gives no discount`,
  );
}

const isPositive = (dollars: string): boolean => /[1-9]/.test(dollars);

/** The checks of {@link MeterOptions}. */
export const meterChecks: OptionChecks<MeterOptions> = {
  ...guardChecks,
  ...parseChecks,
  ...innerFetchChecks,
  api: accepts.oneOf(...wireApis),
  dispatch: accepts.function,
  sinks: accepts.arrayOf(accepts.methods('write')),
  labels: acceptsLabels,
  labelHeader: acceptsLabelHeader,
  tap: accepts.oneOf('response'),
  exposeCost: accepts.boolean,
  maxDrains: drainsCheck,
  promptHashSecret: (value) =>
    typeof value === 'function' ||
    (typeof value === 'string' && value.length >= 16) ||
    'a secret of at least 16 characters, or a function that returns one',
  now: accepts.function,
};
