import { type Customer, dayMs, hourMs, minuteMs, priceOf } from './customers.js';
import type { Dice } from './dice.js';

/** A request of an incident, or a try with a wrong credential (`wrong`). */
export interface Hostile {
  readonly atMs: number;
  readonly network: string;
  readonly agent?: string;
  readonly key?: string;
  readonly model?: string;
  readonly usd?: number;
  readonly print?: string;
  readonly failed?: boolean;
  /** The output's share of the tokens. @defaultValue 0.3 */
  readonly output?: number;
  readonly wrong?: boolean;
}

/** What happens while an incident lasts; `times` of the usual requests in that time where it changes those. */
export interface Kind {
  /** Slow ones cost little an hour, or stay near the usual pace. */
  readonly speed: 'fast' | 'slow';
  readonly lengthMs: number;
  readonly needs?: 'launch' | 'newcomer' | 'steady' | 'no customer';
  /** Makes the requests of an hour. */
  readonly hour?: (facts: Facts, fromMs: number, toMs: number, emit: (one: Hostile) => void) => void;
  /** Changes the customer's own requests. */
  readonly changes?: (facts: Facts, atMs: number) => { times?: number; model?: string; network?: string };
}

export interface Facts {
  readonly dice: Dice;
  readonly customer: Customer;
  readonly startMs: number;
  readonly endMs: number;
  /** A key of the customer, and a network that it has never used. */
  readonly key: string;
  readonly foreign: string;
  /** Requests of the customer's usual day. */
  readonly perDay: number;
  /** Drawn once for the incident, 0 to 1. */
  readonly size: number;
}

export const own = ({ customer }: Facts): string => customer.networks[0] as string;
export const costOf = ({ customer }: Facts, atMs: number): number => customer.usdAt(atMs);
const ofModel = (facts: Facts, atMs: number, model: string): number =>
  (costOf(facts, atMs) * (priceOf[model] ?? 1)) / (priceOf[facts.customer.modelAt(atMs)] ?? 1);

/** A series: one request after each gap. */
export function series(
  [fromMs, toMs]: readonly [number, number],
  gap: () => number,
  make: (atMs: number, index: number) => Omit<Hostile, 'atMs'>,
  emit: (one: Hostile) => void,
): void {
  let index = Math.floor(fromMs / 1_000) % 997;
  for (let atMs = fromMs + gap(); atMs < toMs; atMs += gap()) {
    emit({ atMs, ...make(atMs, index) });
    index += 1;
  }
}

export const loop =
  (prompts: number, gapMs: readonly [number, number], times: number, grows = 0): Kind['hour'] =>
  (facts, fromMs, toMs, emit) => {
    const { dice, key, customer, startMs, size } = facts;
    const mean = gapMs[0] + (gapMs[1] - gapMs[0]) * size;
    series(
      [fromMs, toMs],
      () => mean * dice.lognormal(1, 0.15),
      (atMs, index) => ({
        ...{ network: own(facts), agent: customer.agent, key, model: customer.modelAt(atMs) },
        usd:
          costOf(facts, atMs) *
          times *
          (1 + Math.min(grows * ((atMs - startMs) / minuteMs), 12)) *
          dice.lognormal(1, 0.1),
        print: `loop-${customer.name}-${index % prompts}`,
      }),
      emit,
    );
  };

interface Thief {
  readonly gapMs: readonly [number, number];
  readonly times?: number;
  readonly model?: string;
  readonly networks?: number;
  readonly spread?: number;
  readonly at?: (atMs: number) => boolean;
  readonly own?: boolean;
  readonly output?: number;
}
export const thief =
  ({
    gapMs,
    times = 1,
    model,
    networks = 1,
    spread = 0.9,
    at = () => true,
    own: isOwn = false,
    output,
  }: Thief): Kind['hour'] =>
  (facts, fromMs, toMs, emit) => {
    const { dice, key, customer, foreign, size } = facts;
    if (!at(fromMs)) return;
    const mean = gapMs[0] + (gapMs[1] - gapMs[0]) * size;
    series(
      [fromMs, toMs],
      () => mean * dice.lognormal(1, spread),
      (atMs) => {
        const asked = model ?? customer.modelAt(atMs);
        const place = Math.floor(dice.uniform() * networks);
        return {
          ...{ network: isOwn ? own(facts) : `${foreign}.${place}`, key, model: asked },
          agent: isOwn ? customer.agent : 'python-requests/2.32',
          usd: ofModel(facts, atMs, asked) * times * dice.lognormal(1, customer.costDeviation),
          ...(output !== undefined && { output }),
        };
      },
      emit,
    );
  };

export const stuffing =
  (gapMs: readonly [number, number], networks: number): Kind['hour'] =>
  (facts, fromMs, toMs, emit) => {
    const { dice, foreign, size } = facts;
    const mean = gapMs[0] + (gapMs[1] - gapMs[0]) * size;
    series(
      [fromMs, toMs],
      () => mean * dice.lognormal(1, 0.5),
      () => ({ network: `${foreign}.${Math.floor(dice.uniform() * networks)}`, wrong: true }),
      emit,
    );
  };

/** More of the same: the customer's own traffic, from its own programs, a multiple of its daily requests. */
export const more =
  (times: number, cost = 1): Kind['hour'] =>
  (facts, fromMs, toMs, emit) => {
    const { dice, customer, key, perDay } = facts;
    const mean = dayMs / Math.max(perDay * times, 1);
    series(
      [fromMs, toMs],
      () => dice.exponential(mean),
      (atMs) => ({
        ...{ network: own(facts), agent: customer.agent, key, model: customer.modelAt(atMs) },
        usd: costOf(facts, atMs) * cost * dice.lognormal(1, customer.costDeviation),
      }),
      emit,
    );
  };

export const grown = ({ startMs, endMs }: Facts, atMs: number, most: number): number =>
  most ** Math.min(Math.max((atMs - startMs) / (endMs - startMs), 0), 1);
export const isNight = (atMs: number): boolean => Math.floor(atMs / hourMs) % 24 < 5;
export const isDay = (atMs: number): boolean => !isNight(atMs);
export const fast = (lengthMs: number, hour: Kind['hour'], needs?: Kind['needs']): Kind => ({
  speed: 'fast',
  lengthMs,
  ...(hour && { hour }),
  ...(needs && { needs }),
});
export const slow = (lengthMs: number, hour: Kind['hour'], needs?: Kind['needs']): Kind => ({
  speed: 'slow',
  lengthMs,
  ...(hour && { hour }),
  ...(needs && { needs }),
});
