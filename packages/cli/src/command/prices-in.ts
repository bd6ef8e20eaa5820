import type { PriceDeclarations } from '@tollgate/meter';
import { acceptsPrices } from '@tollgate/meter/internal';
import { UsageError } from './failure.js';
import { jsonIn } from './json-in.js';

/** The prices that a file declares; none where there is no file. Throws a {@link UsageError} that names the price at fault. */
export function declaredPrices(file: string | undefined): PriceDeclarations {
  if (file === undefined) return {};
  const declared = jsonIn(file);
  const verdict = acceptsPrices(declared);
  if (verdict !== true) throw new UsageError(`${JSON.stringify(file)} must be ${verdict}`);
  return declared as PriceDeclarations;
}
