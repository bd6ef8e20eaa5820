import type { ReceivedRequest } from '@tollgate/simulator';
import { models, prices } from './ledger-settings.js';

/** Dollars a million tokens are as many micro-dollars a token, and nine decimals of those are femto-dollars: no float is involved. */
function femtoUsd(usdPerMillion: string): bigint {
  const [whole = '0', decimals = ''] = usdPerMillion.split('.');
  return BigInt(whole + decimals.padEnd(9, '0'));
}
const femtoPerNano = 1_000_000n;

/** What the provider bills for one exchange by its own books, in nano-dollars, rounded up: an arithmetic apart from the meter's. */
export function invoiced({ model: name, billed }: Pick<ReceivedRequest, 'model' | 'billed'>): bigint {
  const model = models.find((one) => one === name);
  if (model === undefined) throw new Error(`no price for ${name}`);
  const price: Record<string, string> = prices[model];
  const { inputUsdPerMillion: input = '', outputUsdPerMillion: output = '' } = price;
  const classes: [tokens: number, usdPerMillion: string][] = [
    [billed.cachedInputTokens, price.cachedInputUsdPerMillion ?? input],
    [billed.cacheWriteTokens, price.cacheWriteUsdPerMillion ?? input],
    [billed.cacheWriteOneHourTokens, price.cacheWrite1hUsdPerMillion ?? input],
    [billed.outputTokens, output],
  ];
  const fresh =
    billed.inputTokens - billed.cachedInputTokens - billed.cacheWriteTokens - billed.cacheWriteOneHourTokens;
  const femto = [...classes, [fresh, input] as const].reduce(
    (sum, [tokens, usd]) => sum + BigInt(tokens) * femtoUsd(usd),
    0n,
  );
  return (femto + femtoPerNano - 1n) / femtoPerNano;
}

/** The part of it that is for input. */
export function invoicedInput({ model, billed }: Pick<ReceivedRequest, 'model' | 'billed'>): bigint {
  return invoiced({ model, billed: { ...billed, outputTokens: 0 } });
}
