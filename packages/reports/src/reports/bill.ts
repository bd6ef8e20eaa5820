import { checkOptions, describeValue } from '@tollgate/core/internal';
import type { UsageSum } from './usage-report.js';

/** What the customers of a plan pay. */
export interface PlanPrice {
  /** On top of what usage costs, in percent, 0 to 10 000, at most two decimals. @defaultValue 0 */
  markupPercent?: number;
  /** The same beyond what is included. @defaultValue as `markupPercent` */
  overageMarkupPercent?: number;
  /** What each tenant pays a month, whatever it uses, in nano-dollars. @defaultValue 0n */
  feeNanoUsd?: bigint;
  /** Usage a month, at its price, that the fee includes, in nano-dollars. @defaultValue 0n */
  includedNanoUsd?: bigint;
}

/** A tenant's month on one plan. Money in nano-dollars as decimal strings; billed amounts are rounded up once. */
export interface BillLine {
  readonly tenant: string;
  readonly plan: string;
  readonly costNanoUsd: string;
  /** Usage at the plan's price, before what is included. */
  readonly usagePriceNanoUsd: string;
  /** How much of it the fee includes. */
  readonly includedNanoUsd: string;
  /** What is beyond it, at the price of overage. */
  readonly overageNanoUsd: string;
  readonly feeNanoUsd: string;
  /** Fee and overage. */
  readonly billedNanoUsd: string;
  /** Billed less cost. */
  readonly marginNanoUsd: string;
}

/** Throws a `TypeError` for a wrong or unknown field of a plan's price. */
export function checkPlanPrices(prices: Readonly<Record<string, PlanPrice>>): void {
  const amount = (value: unknown): true | string =>
    (typeof value === 'bigint' && value >= 0n) || 'a bigint of nano-dollars, e.g. 20_000_000_000n for $20';
  const percent = (value: unknown): true | string =>
    (typeof value === 'number' && value >= 0 && value <= 10_000) || 'a number from 0 to 10000';
  for (const [plan, price] of Object.entries(prices)) {
    checkOptions<PlanPrice>(`reports: prices of plan ${describeValue(plan)}`, price, {
      markupPercent: percent,
      overageMarkupPercent: percent,
      feeNanoUsd: amount,
      includedNanoUsd: amount,
    });
  }
}

/** Percent as hundredths of a percent on a base of 10 000. Throws a `TypeError` where it has more decimals or is out of range. */
function factorOf(name: string, percent: number): bigint {
  const hundredths = Math.round(percent * 100);
  if (!(percent >= 0 && percent <= 10_000) || Math.abs(hundredths / 100 - percent) > 1e-9) {
    throw new TypeError(
      `bill: "${name}" must be a number from 0 to 10000 with two decimals at most, received ${describeValue(percent)}`,
    );
  }
  return BigInt(10_000 + hundredths);
}

const base = 10_000n;
/** `Math.min` takes no bigint. */
function least(one: bigint, other: bigint): bigint {
  if (one < other) return one;
  return other;
}

const roundedUp = (amount: bigint, divisor: bigint): bigint => (amount + divisor - 1n) / divisor;

/** What each tenant is billed for sums by tenant and plan. A plan without a price is billed at cost. */
export function billOf(sums: readonly UsageSum[], prices: Readonly<Record<string, PlanPrice>>): BillLine[] {
  return sums.map(({ by, costNanoUsd }) => {
    const { tenant = '', plan = '' } = by;
    const price = Object.hasOwn(prices, plan ?? '') ? prices[plan ?? ''] : undefined;
    const {
      markupPercent = 0,
      overageMarkupPercent = markupPercent,
      feeNanoUsd = 0n,
      includedNanoUsd = 0n,
    } = price ?? {};
    const [factor, overageFactor] = [
      factorOf('markupPercent', markupPercent),
      factorOf('overageMarkupPercent', overageMarkupPercent),
    ];
    const cost = BigInt(costNanoUsd);
    const usagePrice = roundedUp(cost * factor, base);
    const included = least(usagePrice, includedNanoUsd);
    // What goes beyond is a share of the usage: at cost it is beyond / factor, and has the price of overage.
    const overage = roundedUp(
      (cost * factor - included * base > 0n ? cost * factor - included * base : 0n) * overageFactor,
      factor * base,
    );
    const billed = feeNanoUsd + overage;
    return {
      tenant: tenant ?? '',
      plan: plan ?? '',
      costNanoUsd,
      usagePriceNanoUsd: String(usagePrice),
      includedNanoUsd: String(included),
      overageNanoUsd: String(overage),
      feeNanoUsd: String(feeNanoUsd),
      billedNanoUsd: String(billed),
      marginNanoUsd: String(billed - cost),
    };
  });
}
