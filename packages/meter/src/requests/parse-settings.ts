import type { GuardOptions } from '@tollgate/core/internal';
import { type PriceCatalogue, priceCatalogue } from '../prices/price-catalogue.js';
import type { ParseOptions } from './parse-options.js';
import { type ProviderFinder, providerFinder } from './provider-of.js';
import { loadTokenizer } from './token-bound.js';

/** {@link ParseOptions}, read once. */
export interface ParseSettings {
  readonly options: ParseOptions;
  readonly mode: GuardOptions['mode'];
  readonly prices: PriceCatalogue;
  readonly providerOf: ProviderFinder;
  /** The model behind a name on the wire. */
  modelOf(wireName: string): string;
  /** The name on the wire of a model. */
  wireNameOf(model: string): string;
}

/** Reads the options of {@link parseCall}, which were checked with `parseChecks`; starts to load the tokenizer if it is asked for. */
export function parseSettings(
  options: ParseOptions & Pick<GuardOptions, 'mode'>,
  prices: PriceCatalogue = priceCatalogue({ prices: options.prices }),
): ParseSettings {
  if (options.inputBound === 'tokens') void loadTokenizer();
  const models = new Map(Object.entries(options.models ?? {}));
  const wireNames = new Map([...models].map(([wireName, model]) => [model, wireName]));
  return {
    options,
    mode: options.mode,
    prices,
    providerOf: providerFinder(options),
    modelOf: (wireName) => models.get(wireName) ?? wireName,
    wireNameOf: (model) => wireNames.get(model) ?? model,
  };
}
