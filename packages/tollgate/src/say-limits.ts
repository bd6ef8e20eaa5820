import type { Limit, Plans } from '@tollgate/core';
import { describeLimit, isOfCaller, warnOnce } from '@tollgate/core/internal';

/** Writes one line that names each limit with its scope, and warns where one caller could use up a shared limit. */
export function sayLimits(
  log: ((line: string) => void) | false | undefined,
  plans: Plans,
  limits: readonly Limit[],
): void {
  const say =
    log ??
    (process.env.NODE_ENV === 'test' ? false : (line: string) => void process.stdout.write(`${line}\n`));
  if (say)
    say(`tollgate: limits: ${[...limitsInWords(limits, 'all plans'), ...plansInWords(plans)].join('; ')}`);
  warnOfSharedCaps(plans, limits);
}

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

const limitsInWords = (limits: readonly Limit[], of: string): string[] =>
  limits.length === 0 ? [] : [`${of}: ${limits.map(describeLimit).join(', ')}`];

/** A caller that makes expensive calls and leaves them could fill a cap that others share. */
function warnOfSharedCaps(plans: Plans, limits: readonly Limit[]): void {
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
