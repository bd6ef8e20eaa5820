import type { Limit, Plans } from '@tollgate/core';
import { describeLimit, isOfCaller, warnOnce } from '@tollgate/core/internal';

/** Each limit with its scope, in words. */
export const limitsInWords = (plans: Plans, limits: readonly Limit[]): string[] => [
  ...(limits.length === 0 ? [] : [`all plans: ${limits.map(describeLimit).join(', ')}`]),
  ...plansInWords(plans),
];

function plansInWords(plans: Plans): string[] {
  return Object.values(plans).flatMap(({ name, limits, requests }) => {
    const rates = requests.map(
      ({ amount, windowMs, scope }) =>
        `${amount} requests/${windowMs / 1_000} s by ${scope.map((part) => (typeof part === 'string' ? part : part.name)).join(' and ')}`,
    );
    const all = [...rates, ...limits.map(describeLimit)];
    return [`plan ${name}: ${all.length === 0 ? 'none' : all.join(', ')}`];
  });
}

/** Warns where a caller that makes expensive calls and leaves them could fill a cap that others share. */
export function warnOfSharedCaps(plans: Plans, limits: readonly Limit[]): void {
  const isHard = ({ soft, unit }: Limit): boolean => !soft && unit !== 'requests' && unit !== 'concurrent';
  const shared = limits.find((limit) => isHard(limit) && !isOfCaller(limit));
  if (!shared || limits.some((limit) => isHard(limit) && isOfCaller(limit))) return;
  const without = Object.values(plans).filter(
    (plan) => !plan.limits.some((limit) => isHard(limit) && isOfCaller(limit)),
  );
  if (without.length === 0) return;
  warnOnce(
    'TOLLGATE_W_SHARED_CAP',
    `callers on plan ${without.map(({ name }) => name).join(', ')} have no separate limit of money or tokens, so one of them can use up ${describeLimit(shared)}; give the plan a "spend" or "tokens" limit`,
  );
}
