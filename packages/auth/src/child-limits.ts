import type { Limit } from '@tollgate/core';
import { declareLimit, type OwnLimits, type Unit } from '@tollgate/core/internal';

/** The total amounts a child credential may use in its whole life: `{ spend: '$0.50', requests: '100' }`. Amounts as in plans, without a period. */
export interface ChildLimits {
  /** Dollars: `'$0.50'`. */
  readonly spend?: string | undefined;
  /** Input and output tokens together: `'20k'`. */
  readonly tokens?: string | undefined;
  readonly inputTokens?: string | undefined;
  readonly outputTokens?: string | undefined;
  readonly requests?: string | undefined;
}

const units: Readonly<Record<keyof ChildLimits, Unit>> = {
  spend: 'usd',
  tokens: 'tokens',
  inputTokens: 'inputTokens',
  outputTokens: 'outputTokens',
  requests: 'requests',
};

/** Every field of {@link ChildLimits}. */
export const childLimitFields = Object.freeze(Object.keys(units)) as readonly (keyof ChildLimits)[];

const dayMs = 86_400_000;

/**
 * Limits over a whole life, as windows that begin on the (UTC) day of its minting and do not end before it: a week for lives of up
 * to 6 days, a month for those of up to 27. Throws a `TypeError` that starts with `where`.
 */
export function ownLimitsOfChild(
  where: string,
  limits: ChildLimits,
  { mintedAtMs, expiresAtMs }: { readonly mintedAtMs: number; readonly expiresAtMs: number },
): OwnLimits | undefined {
  const minted = new Date(mintedAtMs);
  const isShort = expiresAtMs - mintedAtMs <= 6 * dayMs;
  const period = isShort ? 'week' : 'month';
  const anchorDay = isShort ? minted.getUTCDay() || 7 : minted.getUTCDate();
  const declared = childLimitFields.flatMap((field): Limit[] => {
    const amount = limits[field];
    if (amount === undefined) return [];
    const unit = units[field];
    const name = `${unit.toLowerCase()}-child`;
    return [
      declareLimit(`${where}: ${field}`, unit, {
        limit: `${amount}/${period}`,
        by: 'child',
        window: 'calendar',
        anchorDay,
        name,
      }),
    ];
  });
  return declared.length === 0 ? undefined : Object.freeze({ limits: declared, requests: [] });
}
