import { type Dice, diceOf } from './dice.js';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** A customer with habits: hours, weekends, growth, launches, busy hours, nightly jobs, wrong credentials now and then. */
export interface SimulatedTenant {
  readonly name: string;
  readonly keys: readonly string[];
  readonly networks: readonly string[];
  readonly feature: string;
  readonly model: string;
  /** Median of what a request costs at that moment: a new feature may make it dearer, a better prompt cheaper. */
  usdPerRequest(atMs: number): number;
  /** Deviation of the logarithm of what requests cost: short questions and long documents. */
  readonly costDeviation: number;
  /** Mean requests of a conversation, which follow each other within half a minute or so. */
  readonly perConversation: number;
  /** Share of requests that ask one of fifty prompts which are asked again and again. */
  readonly repeats: number;
  readonly launch: Launch | undefined;
  readonly job: NightlyJob | undefined;
  /** Mean requests of people in the hour that begins then. Drawn anew at each call: one call for each hour. */
  requestsIn(hourStartMs: number): number;
}

interface Launch {
  readonly startMs: number;
  readonly endMs: number;
  readonly times: number;
}

/** A program that asks one different thing after the other, like a clock, in the same hour of each night. */
export interface NightlyJob {
  /** Of the first night. */
  readonly startMs: number;
  readonly hour: number;
  readonly lengthMs: number;
  readonly gapMs: number;
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
  const firstMs = dice.uniform() < 0.1 ? dice.between(0, days / 2) * dayMs : 0;
  const launch = dice.uniform() < 0.25 ? launchOf(days, dice) : undefined;
  const burstsPerDay = dice.between(0, 0.3);
  const usd = dice.lognormal(0.015, 0.7);
  const changesAtMs = dice.uniform() < 0.15 ? dice.between(0, days) * dayMs : Number.POSITIVE_INFINITY;
  const change = dice.between(0.6, 1.8);
  const bursts = diceOf(dice.uniform() * 1e9);
  return {
    name: `tenant-${index}`,
    keys: namesOf(`key-${index}`, dice),
    networks: namesOf(`198.51.100.${index}`, dice),
    feature: dice.uniform() < 0.5 ? 'chat' : 'summarise',
    model: models[Math.floor(dice.uniform() * models.length)] as string,
    usdPerRequest: (atMs) => (atMs < changesAtMs ? usd : usd * change),
    costDeviation: dice.between(0.5, 1.2),
    perConversation: dice.uniform() < 0.6 ? dice.between(1, 6) : 1,
    repeats: dice.uniform() < 0.3 ? dice.between(0, 0.5) : 0,
    launch,
    job: dice.uniform() < 0.2 ? jobOf(days, dice) : undefined,
    requestsIn(hourStartMs) {
      const burst = bursts.uniform() < burstsPerDay / 24 ? bursts.between(2, 6) : 1;
      if (hourStartMs < firstMs) return 0;
      const day = Math.floor(hourStartMs / dayMs);
      const hour = Math.floor(hourStartMs / hourMs) % 24;
      const isDay = Math.cos(((hour - peak) / 24) * 2 * Math.PI) > 0;
      const rhythm = (isDay ? 1.6 : night) * (day % 7 < 5 ? 1 : weekend);
      return (perDay / 24) * rhythm * (1 + growth) ** day * rampOf(launch, hourStartMs) * burst;
    },
  };
}

/** One to three. */
function namesOf(prefix: string, dice: Dice): string[] {
  return Array.from({ length: 1 + Math.floor(dice.uniform() * 3) }, (_, place) => `${prefix}-${place}`);
}

function launchOf(days: number, dice: Dice): Launch {
  const startMs = dice.between(days / 3, days - 2) * dayMs;
  return { startMs, endMs: startMs + dice.between(1, 3) * dayMs, times: dice.between(2.5, 6) };
}

/** Half of them ran before the simulation begins. */
function jobOf(days: number, dice: Dice): NightlyJob {
  return {
    startMs: Math.max(dice.between(-days, days), 0) * dayMs,
    hour: Math.floor(dice.between(0, 5)),
    lengthMs: dice.between(10, 50) * 60_000,
    gapMs: dice.between(6_000, 30_000),
  };
}

/** A launch grows over four hours, stays, and fades over its second half. */
function rampOf(launch: Launch | undefined, atMs: number): number {
  if (!launch || atMs < launch.startMs || atMs > launch.endMs) return 1;
  const risen = Math.min((atMs - launch.startMs) / (4 * hourMs), 1);
  const left = Math.min((2 * (launch.endMs - atMs)) / (launch.endMs - launch.startMs), 1);
  return 1 + (launch.times - 1) * Math.min(risen, left);
}
