import { type Dice, diceOf } from './dice.js';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** A customer with habits: hours, weekends, growth, launches, batch jobs. */
export interface SimulatedTenant {
  readonly name: string;
  readonly keys: readonly string[];
  readonly feature: string;
  readonly model: string;
  readonly usdPerRequest: number;
  /** Mean requests in the hour that begins then. */
  requestsIn(hourStartMs: number): number;
  readonly launch: { readonly startMs: number; readonly endMs: number; readonly times: number } | undefined;
}

export const models = ['gpt-5-mini', 'gpt-5', 'claude-sonnet', 'claude-haiku'] as const;

export function tenantsOf(count: number, days: number, seed: number): SimulatedTenant[] {
  return Array.from({ length: count }, (_, index) => tenantOf(index, days, diceOf(seed * 1_000 + index)));
}

function tenantOf(index: number, days: number, dice: Dice): SimulatedTenant {
  const perDay = Math.min(dice.lognormal(150, 1), 1_500);
  const growth = dice.between(-0.005, 0.025);
  const weekend = dice.between(0.15, 0.9);
  const night = dice.between(0.05, 0.4);
  const peak = Math.floor(dice.between(8, 20));
  const startMs = dice.between(days / 3, days - 2) * dayMs;
  const hasLaunch = dice.uniform() < 0.25;
  const launch = hasLaunch
    ? { startMs, endMs: startMs + dice.between(1, 3) * dayMs, times: dice.between(2.5, 6) }
    : undefined;
  const burstsPerDay = dice.between(0, 0.3);
  const bursts = diceOf(index + 77_777);
  return {
    name: `tenant-${index}`,
    keys: Array.from({ length: 1 + Math.floor(dice.uniform() * 3) }, (_, key) => `key-${index}-${key}`),
    feature: dice.uniform() < 0.5 ? 'chat' : 'summarise',
    model: models[Math.floor(dice.uniform() * models.length)] as string,
    usdPerRequest: dice.lognormal(0.015, 0.7),
    launch,
    requestsIn(hourStartMs) {
      const day = Math.floor(hourStartMs / dayMs);
      const hour = Math.floor(hourStartMs / hourMs) % 24;
      const isDay = Math.cos(((hour - peak) / 24) * 2 * Math.PI) > 0;
      const rhythm = (isDay ? 1.6 : night) * (day % 7 < 5 ? 1 : weekend);
      const burst = bursts.uniform() < burstsPerDay / 24 ? bursts.between(2, 6) : 1;
      return (perDay / 24) * rhythm * (1 + growth) ** day * rampOf(launch, hourStartMs) * burst;
    },
  };
}

/** A launch grows over four hours, stays, and fades over its second half. */
function rampOf(launch: SimulatedTenant['launch'], atMs: number): number {
  if (!launch || atMs < launch.startMs || atMs > launch.endMs) return 1;
  const risen = Math.min((atMs - launch.startMs) / (4 * hourMs), 1);
  const left = Math.min((2 * (launch.endMs - atMs)) / (launch.endMs - launch.startMs), 1);
  return 1 + (launch.times - 1) * Math.min(risen, left);
}
