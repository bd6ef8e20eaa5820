import { type Customer, dayMs, hourMs, minuteMs } from './customers.js';
import { type Dice, diceOf } from './dice.js';
import {
  costOf,
  type Facts,
  fast,
  grown,
  type Hostile,
  isDay,
  isNight,
  type Kind,
  loop,
  more,
  own,
  series,
  slow,
  stuffing,
  thief,
} from './incident-parts.js';

export type { Hostile } from './incident-parts.js';

/** All kinds. Constants are tuned on the even ones only; see {@link isForTuning}. */
const kinds = {
  'runaway loop of three prompts': fast(8 * hourMs, loop(3, [700, 4_000], 1.5)),
  'runaway loop of one prompt': fast(8 * hourMs, loop(1, [500, 6_000], 1.2)),
  'loop with a growing context': fast(6 * hourMs, loop(2, [3_000, 9_000], 1, 0.15)),
  'loop on a launch day': fast(8 * hourMs, loop(3, [600, 2_000], 1.5), 'launch'),
  'loop of a new customer': fast(8 * hourMs, loop(3, [700, 2_500], 3), 'newcomer'),
  'two services that answer each other': fast(10 * hourMs, loop(2, [4_000, 8_000], 1.5)),
  'loop over eight prompts': fast(8 * hourMs, loop(8, [900, 3_000], 1.5)),
  'parallel agents out of hand': fast(6 * hourMs, thief({ gapMs: [250, 900], times: 3, own: true })),
  'retry storm': fast(2 * hourMs, loop(1, [80, 300], 1)),
  'build server hijacked at night': fast(
    10 * hourMs,
    thief({ gapMs: [500, 1_500], model: 'claude-sonnet', at: isNight }),
  ),
  'stolen key, fast': fast(10 * hourMs, thief({ gapMs: [400, 2_500], times: 3, model: 'claude-opus' })),
  'stolen key on a bot net': fast(10 * hourMs, thief({ gapMs: [500, 2_500], times: 2, networks: 200 })),
  'stolen key from one more network, usual model': fast(
    10 * hourMs,
    thief({ gapMs: [600, 3_000], times: 2 }),
  ),
  'scraping by the clock': fast(
    8 * hourMs,
    thief({ gapMs: [800, 2_500], spread: 0.05, times: 0.5, own: true }),
  ),
  'scraping with jitter': fast(
    8 * hourMs,
    thief({ gapMs: [800, 2_500], spread: 0.6, times: 0.5, own: true }),
  ),
  'scraping with the dearest model': fast(
    8 * hourMs,
    thief({ gapMs: [1_000, 4_000], spread: 0.2, model: 'claude-opus', own: true }),
  ),
  'new key with dear calls': fast(
    4 * hourMs,
    thief({ gapMs: [2_000, 6_000], times: 60, own: true }),
    'newcomer',
  ),
  'steady customer at ten times, by requests': fast(2 * dayMs, more(10), 'steady'),
  'steady customer at ten times, by price': fast(2 * dayMs, more(3, 4), 'steady'),
  'agent that starts agents': fast(5 * hourMs, (facts, fromMs, toMs, emit) => {
    const { dice, startMs } = facts;
    const rate = (atMs: number): number => Math.min(2 ** ((atMs - startMs) / (20 * minuteMs)), 200);
    series(
      [fromMs, toMs],
      () => dice.exponential(20_000) / rate(fromMs),
      (atMs) => ({
        ...{
          network: own(facts),
          agent: facts.customer.agent,
          key: facts.key,
          model: facts.customer.modelAt(atMs),
        },
        usd: costOf(facts, atMs) * 1.5 * dice.lognormal(1, 0.5),
      }),
      emit,
    );
  }),
  'batch started twenty times': fast(5 * hourMs, thief({ gapMs: [150, 500], spread: 0.4, own: true })),
  'credential stuffing, one network, fast': fast(6 * hourMs, stuffing([400, 4_000], 1), 'no customer'),
  'credential stuffing, neighbours': fast(8 * hourMs, stuffing([700, 2_500], 60), 'no customer'),
  'scraping by two sequential clients': slow(
    10 * hourMs,
    thief({ gapMs: [5_000, 9_000], spread: 0.3, own: true }),
  ),
  'slow scraping at night': slow(
    4 * dayMs,
    thief({ gapMs: [12_000, 30_000], spread: 0.4, own: true, at: isNight }),
  ),
  'dearest model at the usual pace': {
    speed: 'slow',
    lengthMs: 3 * dayMs,
    changes: () => ({ model: 'claude-opus' }),
  },
  'prompt stuffing': { speed: 'slow', lengthMs: 4 * dayMs, changes: ({ size }) => ({ times: 3 + 4 * size }) },
  'long outputs': { speed: 'slow', lengthMs: 4 * dayMs, changes: ({ size }) => ({ times: 2.5 + 3 * size }) },
  'slow drip': slow(8 * dayMs, more(1.5)),
  'slow distillation': slow(
    8 * dayMs,
    thief({ gapMs: [15_000, 50_000], spread: 0.5, own: true, output: 0.7 }),
  ),
  'leaked key, slow, foreign network': slow(
    6 * dayMs,
    thief({ gapMs: [60_000, 240_000], times: 3, networks: 3, at: isDay }),
  ),
  'leaked key, dearest model, now and then': slow(
    6 * dayMs,
    thief({ gapMs: [200_000, 500_000], times: 2, model: 'claude-opus', networks: 2 }),
  ),
  'key shared by many people': slow(
    8 * dayMs,
    thief({ gapMs: [120_000, 400_000], networks: 120, at: isDay }),
  ),
  'key sold in a forum': slow(8 * dayMs, (facts, fromMs, toMs, emit) => {
    const growing = Math.max(1, grown(facts, fromMs, 60));
    thief({ gapMs: [400_000 / growing, 900_000 / growing], networks: Math.ceil(3 * growing) })?.(
      facts,
      fromMs,
      toMs,
      emit,
    );
  }),
  'credential stuffing, one network, slow': slow(
    2 * dayMs,
    stuffing([5 * minuteMs, 15 * minuteMs], 1),
    'no customer',
  ),
  'credential stuffing, many addresses': slow(1.5 * dayMs, stuffing([8_000, 40_000], 4_000), 'no customer'),
  'cost creeps up': {
    speed: 'slow',
    lengthMs: 6 * dayMs,
    changes: (facts, atMs) => ({ times: grown(facts, atMs, 6) }),
  },
  'four times the usual for days': slow(4 * dayMs, more(3), 'steady'),
  'old job revived': slow(4 * dayMs, thief({ gapMs: [20_000, 45_000], spread: 0.2, own: true })),
  'private use at night': slow(
    6 * dayMs,
    thief({ gapMs: [40_000, 110_000], times: 2, at: isNight, networks: 1 }),
  ),
} satisfies Record<string, Kind>;

export type IncidentKind = keyof typeof kinds;
export const incidentKinds = Object.keys(kinds) as IncidentKind[];
export const speedOf = (kind: IncidentKind): Kind['speed'] => (kinds[kind] as Kind).speed;
/** Every other kind is for tuning; the rest is not looked at before it is published. */
export const isForTuning = (kind: IncidentKind): boolean => incidentKinds.indexOf(kind) % 2 === 0;

export interface Incident {
  readonly id: number;
  readonly kind: IncidentKind;
  readonly startMs: number;
  readonly endMs: number;
  /** Absent of attacks without an account. */
  readonly customer: Customer | undefined;
  readonly key: string;
  readonly foreign: string;
  readonly facts: Facts;
}

export const hourOfIncident = (
  incident: Incident,
  fromMs: number,
  toMs: number,
  emit: (one: Hostile) => void,
): void => (kinds[incident.kind] as Kind).hour?.(incident.facts, fromMs, toMs, emit);
export const changesOf = (incident: Incident, atMs: number): ReturnType<NonNullable<Kind['changes']>> =>
  (kinds[incident.kind] as Kind).changes?.(incident.facts, atMs) ?? {};

const unsteady = ['new customer', 'hobbyist', 'rare backfills', 'idle at times', 'weekly report'];

/** Incidents of these kinds after a quarter of the time; each customer has one at most. */
export function incidentsOf(
  customers: readonly Customer[],
  {
    days,
    perKind,
    seed,
    kinds: wanted,
  }: { days: number; perKind: number; seed: number; kinds: readonly IncidentKind[] },
): Incident[] {
  const dice = diceOf(seed + 99);
  const free = [...customers];
  return wanted.flatMap((kind) =>
    Array.from({ length: perKind }, (_, index): Incident | undefined => {
      const { lengthMs, needs } = kinds[kind] as Kind;
      const fits = (one: Customer): boolean =>
        needs === 'launch'
          ? one.launchMs !== undefined
          : needs === 'newcomer'
            ? one.shape === 'new customer'
            : needs === 'steady'
              ? ['office hours', 'offices on two continents', 'consumer app', 'new model'].includes(one.shape)
              : !unsteady.includes(one.shape) && one.launchMs === undefined;
      const fitting = needs === 'no customer' ? [] : free.filter(fits);
      const customer = fitting[Math.floor(dice.uniform() * fitting.length)];
      if (needs !== 'no customer' && !customer) return undefined;
      if (customer) free.splice(free.indexOf(customer), 1);
      const latest = days * dayMs - lengthMs;
      const drawn = dice.between(0.4 * days * dayMs, Math.max(latest, 0.41 * days * dayMs));
      const startMs = Math.floor(
        needs === 'launch'
          ? (customer?.launchMs ?? 0) + 5 * hourMs
          : needs === 'newcomer'
            ? newcomerMs(days, dice)
            : drawn,
      );
      const id = incidentsCount(kind, index);
      const key = customer ? `${customer.keys[needs === 'newcomer' ? 2 : 0]}` : '';
      const endMs = startMs + lengthMs;
      const foreign = `203.${id % 250}.${index}`;
      const facts: Facts = {
        ...{ dice: diceOf(seed * 31 + id), startMs, endMs, key, foreign, size: dice.uniform() },
        customer: customer as Customer,
        perDay: customer ? perDayOf(customer) : 0,
      };
      return { id, kind, startMs, endMs, customer, key, foreign, facts };
    }).filter((one) => one !== undefined),
  );
}

/** The first days of the simulation: nothing is known of a key that has not been used. */
const newcomerMs = (days: number, dice: Dice): number => dice.between(0.05, 0.2) * days * dayMs;
const incidentsCount = (kind: IncidentKind, index: number): number =>
  incidentKinds.indexOf(kind) * 100 + index;

/** What a customer's shape asks on an average day, by a week of it. */
function perDayOf(customer: Customer): number {
  let count = 0;
  for (let hour = 0; hour < 168; hour += 1)
    customer.hour(hour * hourMs, () => {
      count += 1;
    });
  return count / 7;
}
