import { counterOf, definePlans, formatUsd, type TollgateOptions } from 'tollgate';

/** The tenant that all workers serve, and the model that all of them call. */
export const tenant = 'acme';
export const model = 'gpt-5-mini';
/** Its published price: 0.25 $ and 2 $ per million tokens, in nano-dollars a token. */
const inputPrice = 250;
const outputPrice = 2_000;

/** One plan, whose money is counted for the tenant as a whole. */
export function plansFor(capNanoUsd: number) {
  return definePlans({ shared: { spend: { limit: `$${formatUsd(capNanoUsd)}/month`, by: 'tenant' } } });
}

/** The provider's bill, in nano-dollars. */
export function billOf({ inputTokens, outputTokens }: { inputTokens: number; outputTokens: number }): number {
  return inputTokens * inputPrice + outputTokens * outputPrice;
}

/** The tenant's used and held amounts now, in nano-dollars. */
export async function standing(
  store: NonNullable<TollgateOptions['store']>,
  capNanoUsd: number,
): Promise<{ used: number; held: number }> {
  const [limit] = plansFor(capNanoUsd).shared?.limits ?? [];
  if (!limit) throw new Error('the plan has no limit');
  const caller = { id: tenant, tenant, plan: 'shared', scopes: [], labels: {} };
  const [state] = await store.read(tenant, [counterOf(limit, { caller })]);
  return { used: state?.used ?? 0, held: state?.held ?? 0 };
}
