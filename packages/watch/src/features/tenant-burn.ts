import { burnRules } from '../statistics/burn-rate.js';
import { RollingSum, type SavedSum } from '../statistics/rolling-sum.js';
import { type SavedForecast, SpendForecast } from '../statistics/spend-forecast.js';

/** Lengths of the windows of the rules. */
const windowsMs: readonly number[] = [...new Set(burnRules.flatMap((rule) => [rule.longMs, rule.shortMs]))];

/** The saved form of {@link TenantBurn}. */
export interface SavedBurn {
  readonly sums: readonly SavedSum[];
  readonly forecast: SavedForecast;
}

/** The spend of a tenant with a budget: over the windows of the burn rules, and by the hour. */
export class TenantBurn {
  readonly forecast = new SpendForecast();
  readonly #sums = new Map(windowsMs.map((ms) => [ms, new RollingSum(ms)]));

  add(nowMs: number, usd: number): void {
    this.forecast.add(nowMs, usd);
    for (const sum of this.#sums.values()) sum.add(nowMs, usd);
  }

  /** US dollars spent within one of the windows of the rules. */
  spentWithin(windowMs: number, nowMs: number): number {
    return this.#sums.get(windowMs)?.sum(nowMs) ?? 0;
  }

  save(): SavedBurn {
    return { sums: [...this.#sums.values()].map((sum) => sum.save()), forecast: this.forecast.save() };
  }

  load({ sums, forecast }: SavedBurn): void {
    for (const [index, sum] of [...this.#sums.values()].entries()) {
      const saved = sums[index];
      if (saved) sum.load(saved);
    }
    this.forecast.load(forecast);
  }
}
