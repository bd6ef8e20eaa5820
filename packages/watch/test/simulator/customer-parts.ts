import type { Dice } from './dice.js';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
/** A usual request, before its price is known. */
export interface Usual {
  readonly atMs: number;
  /** Which of the customer's keys and networks; the last ones belong to programs. */
  readonly key: number;
  readonly network: number;
  /** Times the customer's median cost. */
  readonly times: number;
  /** Absent: a new prompt. */
  readonly print?: string | undefined;
}
/** Pieces that shapes are made of. */
export interface Parts {
  readonly dice: Dice;
  readonly days: number;
  readonly launchMs: number;
}

export type Hour = (startMs: number, emit: (one: Usual) => void) => void;
export const hourOf = (atMs: number): number => Math.floor(atMs / hourMs) % 24;
export const dayOf = (atMs: number): number => Math.floor(atMs / dayMs);
/** The simulation begins on a Thursday, as the epoch did. */
const isWeekend = (atMs: number): boolean => [2, 3].includes(dayOf(atMs) % 7);

/** People: conversations by chance, `rate` of them in this hour. */
export function people({ dice }: Parts, keys: number, rate: (startMs: number) => number, popular = 0): Hour {
  const turns = dice.between(1, 5);
  const networks = 1 + Math.floor(dice.uniform() * 4);
  return (startMs, emit) => {
    for (let left = dice.poisson(rate(startMs) / turns); left > 0; left -= 1) {
      const key = Math.floor(dice.uniform() ** 2 * keys);
      const network = Math.floor(dice.uniform() * networks);
      let atMs = startMs + dice.uniform() * hourMs;
      for (let turn = dice.poisson(turns - 1); turn >= 0; turn -= 1) {
        const print = dice.uniform() < popular ? `often-${Math.floor(dice.uniform() * 40)}` : undefined;
        emit({ atMs, key, network, times: 1, print });
        atMs += dice.lognormal(25_000, 0.8);
      }
    }
  };
}

/** A job: where `isDue`, that many requests from a jittered minute on, one after the other with jittered gaps. */
export function job(
  { dice }: Parts,
  isDue: (startMs: number) => boolean,
  { count, gapMs, jitterMs, times = 1 }: { count: number; gapMs: number; jitterMs: number; times?: number },
): Hour {
  return (startMs, emit) => {
    if (!isDue(startMs)) return;
    let atMs = startMs + dice.uniform() * jitterMs;
    for (let left = Math.round(count * dice.lognormal(1, 0.15)); left > 0; left -= 1) {
      emit({ atMs, key: -1, network: -1, times: times * dice.lognormal(1, 0.1) });
      atMs += gapMs * dice.lognormal(1, 0.3);
    }
  };
}

/** Agents: runs of steps whose context grows, some at the same time. */
export function agents(
  { dice }: Parts,
  keys: number,
  perDay: number,
  parallel: number,
  isOff: (startMs: number) => boolean,
): Hour {
  return (startMs, emit) => {
    if (isOff(startMs)) return;
    for (let left = dice.poisson(perDay / 10); left > 0; left -= 1) {
      const key = Math.floor(dice.uniform() * keys);
      const beginMs = startMs + dice.uniform() * hourMs;
      for (let one = 1 + dice.poisson(parallel - 1); one > 0; one -= 1) {
        let atMs = beginMs + dice.uniform() * 20_000;
        const steps = Math.min(Math.round(dice.lognormal(12, 0.8)), 120);
        for (let step = 0; step < steps; step += 1) {
          emit({ atMs, key, network: 0, times: 0.6 + 0.12 * Math.min(step, 25) });
          atMs += dice.lognormal(7_000, 0.6);
        }
      }
    }
  };
}

export const all =
  (...hours: readonly Hour[]): Hour =>
  (startMs, emit) => {
    for (const one of hours) one(startMs, emit);
  };

export const office =
  (perDay: number, offset: number) =>
  (startMs: number): number => {
    const hour = (hourOf(startMs) + offset) % 24;
    if (isWeekend(startMs)) return perDay * 0.004;
    return hour >= 8 && hour < 18 ? perDay * (hour === 12 ? 0.05 : 0.095) : perDay * 0.005;
  };
export const evening =
  (perDay: number, offset: number) =>
  (startMs: number): number => {
    const hour = (hourOf(startMs) + offset) % 24;
    return (
      (perDay / 24) * (1 + 0.9 * Math.cos(((hour - 20) / 24) * 2 * Math.PI)) * (isWeekend(startMs) ? 1.4 : 1)
    );
  };
export const never = (): boolean => false;
export const atHour =
  (hour: number, from = 0) =>
  (startMs: number): boolean =>
    hourOf(startMs) === hour && startMs >= from;
