import type { Limit, Plans } from '@tollgate/core';
import { describeValue } from '@tollgate/core/internal';
import { isPricedSomewhere, type OwnPrices } from '@tollgate/meter/internal';
import type { ProxyOptions } from '@tollgate/upstream';

/**
 * Where money is limited, a fallback without a price would be refused when it is needed: during an outage. Throws a `TypeError` that names it.
 * Patterns of models, and fallbacks that keep the model, are not checked.
 */
export function checkFallbackPrices(
  { fallbacks, resilience }: Pick<ProxyOptions, 'fallbacks' | 'resilience'>,
  plans: Plans,
  limits: readonly Limit[],
  own: OwnPrices = {},
): void {
  const all = [...Object.values(plans).flatMap((plan) => plan.limits), ...limits];
  if (!all.some(({ unit }) => unit === 'usd')) return;
  for (const [model, list] of Object.entries(fallbacks ?? resilience?.settings.fallbacks ?? {})) {
    for (const fallback of list) {
      const name = typeof fallback === 'string' ? fallback : fallback.model;
      if (name === undefined || isPricedSomewhere(name, own)) continue;
      throw new TypeError(
        `tollgate: proxy: the fallback ${describeValue(name)} of ${describeValue(model)} has no price, so that it would be refused; correct the name or declare a price in meter: { prices }`,
      );
    }
  }
}
