import { type CapUsage, hourlySpend } from '@tollgate/reports';
import { type Forecast, SpendForecast } from '@tollgate/watch';
import type { Services } from '../api/services.js';

const [hourMs, dayMs] = [3_600_000, 86_400_000];
/** The history that a forecast learns from: two weeks show nights and weekends. */
const learnedMs = 14 * dayMs;
/** Caps of a page that get a forecast: each reads two weeks of its spend. */
const mostForecasts = 30;

/** When caps of money are used up, by their places; nothing where that is after their reset, or not known. */
export async function forecastsOf(
  services: Services,
  caps: readonly CapUsage[],
): Promise<readonly (Forecast | undefined)[]> {
  const places = [...caps.keys()].filter((place) => caps[place]?.unit === 'usd').slice(0, mostForecasts);
  const nowMs = services.now();
  const asked = { fromMs: nowMs - learnedMs, nowMs };
  const subjects = places.map((place) => caps[place] as CapUsage);
  const spends = await services.ask(() => hourlySpend(services.database, subjects, asked)).catch(() => []);
  const found: (Forecast | undefined)[] = caps.map(() => undefined);
  for (const [index, { hours }] of spends.entries()) {
    const place = places[index] as number;
    found[place] = usedUp(caps[place] as CapUsage, hours, nowMs);
  }
  return found;
}

function usedUp(
  { cap, used, resetsAt }: CapUsage,
  hours: readonly number[],
  nowMs: number,
): Forecast | undefined {
  if (hours.length === 0 || used >= cap) return undefined;
  const spending = new SpendForecast();
  spending.load({ hour: Math.floor(nowMs / hourMs), hours });
  const end = spending.reached(nowMs, (cap - used) / 1e9);
  return end && end.reachedAtMs < Date.parse(resetsAt) ? end : undefined;
}
