/** Names that Tollgate's packages share. They may change in any release. */
export { leastInputCost, leastInputTokens, tooSmallToPrice } from './least-input.js';
export { unmeteredRefusal } from './meter.js';
export { acceptsPrices } from './prices/declared-price.js';
export { isPricedSomewhere, type OwnPrices } from './prices/known-prices.js';
export { type Price, type PriceBand, perMillion } from './prices/price.js';
export { loadTokenizer } from './requests/token-bound.js';
