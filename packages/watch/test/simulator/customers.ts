import {
  agents,
  all,
  atHour,
  dayMs,
  dayOf,
  evening,
  type Hour,
  hourMs,
  hourOf,
  job,
  minuteMs,
  never,
  office,
  type Parts,
  people,
  type Usual,
} from './customer-parts.js';
import { type Dice, diceOf } from './dice.js';

export { dayMs, hourMs, minuteMs, type Usual } from './customer-parts.js';

/** A customer with habits. */
export interface Customer {
  readonly name: string;
  readonly shape: ShapeName;
  readonly keys: readonly string[];
  readonly networks: readonly string[];
  readonly agent: string;
  readonly feature: string;
  /** The model in use at that time: some change it. */
  modelAt(atMs: number): string;
  /** Median cost of a request at that time, in US dollars. */
  usdAt(atMs: number): number;
  /** Deviation of the logarithm of costs. */
  readonly costDeviation: number;
  /** The first request is not earlier. */
  readonly fromMs: number;
  /** A launch or another expected peak that some incidents hide in; absent: none. */
  readonly launchMs: number | undefined;
  /** Emits the requests that begin in an hour. Each hour is drawn once. */
  hour(startMs: number, emit: (one: Usual) => void): void;
}

/** The models, the cheapest first, and their price compared with the cheapest. */
export const models = [
  'gpt-5-nano',
  'gpt-5-mini',
  'claude-haiku',
  'gpt-5',
  'claude-sonnet',
  'claude-opus',
] as const;
export const priceOf: Readonly<Record<string, number>> = {
  'gpt-5-nano': 1,
  'gpt-5-mini': 3,
  'claude-haiku': 8,
  'gpt-5': 15,
  'claude-sonnet': 25,
  'claude-opus': 60,
};

/** The shapes of customers: the hours of each, and how much an average day has. */
const shapes = {
  'office hours': (parts) =>
    people(parts, 2, office(parts.dice.lognormal(140, 0.7), parts.dice.between(0, 12) | 0)),
  'offices on two continents': (parts) =>
    all(
      people(parts, 2, office(parts.dice.lognormal(90, 0.5), 2)),
      people(parts, 2, office(parts.dice.lognormal(90, 0.5), 12)),
    ),
  'consumer app': (parts) =>
    people(parts, 1, evening(parts.dice.lognormal(500, 0.5), parts.dice.between(0, 8) | 0), 0.1),
  'chat widget': (parts) => people(parts, 1, evening(parts.dice.lognormal(250, 0.5), 5), 0.5),
  'nightly batch': (parts) =>
    all(
      people(parts, 1, office(60, 3)),
      job(parts, atHour(1 + ((parts.dice.uniform() * 4) | 0)), { ...batch(parts), jitterMs: 25 * minuteMs }),
    ),
  'nightly batch that begins later': (parts) => {
    const from = parts.dice.between(0.2, 0.6) * parts.days * dayMs;
    return all(
      people(parts, 1, office(80, 1)),
      job(parts, atHour(2, from), { ...batch(parts), jitterMs: 25 * minuteMs }),
    );
  },
  'hourly cron': (parts) => job(parts, () => true, { count: 12, gapMs: 4_000, jitterMs: 6 * minuteMs }),
  'weekly report': (parts) =>
    all(
      people(parts, 2, office(90, 4)),
      job(parts, (at) => dayOf(at) % 7 === 4 && hourOf(at) === 5, {
        ...batch(parts),
        jitterMs: 40 * minuteMs,
      }),
    ),
  'month end': (parts) => people(parts, 2, (at) => office(90, 2)(at) * (dayOf(at) % 30 >= 27 ? 4 : 1)),
  'growing start-up': (parts) => {
    const growth = parts.dice.between(0.015, 0.035);
    return people(parts, 2, (at) => evening(80, 3)(at) * (1 + growth) ** dayOf(at));
  },
  'new customer': (parts) => {
    const from = parts.dice.between(0.3, 0.8) * parts.days;
    return people(parts, 1, (at) => office(120, 2)(at) * Math.min(Math.max((at / dayMs - from) / 10, 0), 1));
  },
  'bursty agents': (parts) => agents(parts, 2, parts.dice.between(6, 20), 1, (at) => office(1, 2)(at) < 0.02),
  'parallel agents': (parts) =>
    agents(parts, 2, parts.dice.between(3, 9), 5, (at) => office(1, 5)(at) < 0.02),
  launch: (parts) =>
    people(parts, 1, (at) => {
      const since = (at - parts.launchMs) / hourMs;
      const peak =
        since < 0 || since > 60 ? 1 : 1 + 4 * Math.min(since / 4, 1) * Math.min((60 - since) / 30, 1);
      return evening(160, 0)(at) * peak;
    }),
  hobbyist: (parts) =>
    people(parts, 1, (at) => (parts.dice.uniform() < 0.04 ? 9 : 0) * (hourOf(at) > 15 ? 1 : 0.1)),
  'build server': (parts) => {
    const { dice } = parts;
    return (startMs, emit) => {
      for (let left = dice.poisson(office(14, 2)(startMs)); left > 0; left -= 1) {
        let atMs = startMs + dice.uniform() * hourMs;
        for (let test = 0; test < 25; test += 1) {
          emit({
            atMs,
            key: -1,
            network: Math.floor(dice.uniform() * 30),
            times: 0.5,
            print: `test-${test}`,
          });
          atMs += dice.lognormal(1_500, 0.5);
        }
      }
    };
  },
  evaluations: (parts) => {
    const { dice } = parts;
    return all(people(parts, 1, office(70, 6)), (startMs, emit) => {
      if (dice.uniform() > office(0.6, 6)(startMs)) return;
      let atMs = startMs + dice.uniform() * hourMs;
      for (let one = 0; one < 160; one += 1) {
        emit({ atMs, key: -1, network: 0, times: 0.7, print: one % 4 === 0 ? `eval-${one}` : undefined });
        atMs += dice.lognormal(3_000, 0.4);
      }
    });
  },
  'health checks': (parts) =>
    all(people(parts, 1, evening(150, 9), 0.2), (startMs, emit) => {
      for (let minute = 0; minute < 60; minute += 1)
        emit({ atMs: startMs + minute * minuteMs, key: -1, network: -1, times: 0.05, print: 'ping' });
    }),
  'serverless egress': (parts) => {
    const rate = evening(parts.dice.lognormal(300, 0.4), 2);
    const { dice } = parts;
    return (startMs, emit) => {
      for (let left = dice.poisson(rate(startMs)); left > 0; left -= 1) {
        const atMs = startMs + dice.uniform() * hourMs;
        emit({ atMs, key: 0, network: Math.floor(dice.uniform() * 200), times: 1 });
      }
    };
  },
  'closed for holidays': (parts) => {
    const from = Math.floor(parts.dice.between(0.3, 0.6) * parts.days);
    return people(parts, 2, (at) => (dayOf(at) >= from && dayOf(at) < from + 9 ? 0 : office(130, 2)(at)));
  },
  'new model': (parts) => people(parts, 2, office(parts.dice.lognormal(130, 0.4), 1)),
  'rare backfills': (parts) =>
    all(
      people(parts, 1, office(110, 3)),
      job(parts, (at) => parts.dice.uniform() < 0.002 && hourOf(at) > 8, {
        count: 260,
        gapMs: 3_500,
        jitterMs: hourMs,
      }),
    ),
  'idle at times': (parts) => people(parts, 1, (at) => (dayOf(at) % 5 < 3 ? evening(200, 7)(at) : 0.2)),
  'always never sleeping': (parts) =>
    all(
      people(parts, 2, () => 14),
      agents(parts, 2, 3, 2, never),
    ),
} satisfies Record<string, (parts: Parts) => Hour>;

export type ShapeName = keyof typeof shapes;
export const shapeNames = Object.keys(shapes) as ShapeName[];

function batch({ dice }: Parts): { count: number; gapMs: number } {
  return { count: Math.round(dice.between(60, 320)), gapMs: dice.between(2_000, 9_000) };
}

/** This many customers, of all shapes in turn. */
export function customersOf(count: number, days: number, seed: number): Customer[] {
  return Array.from({ length: count }, (_, index) => customerOf(index, days, diceOf(seed * 1_000 + index)));
}

function customerOf(index: number, days: number, dice: Dice): Customer {
  const shape = shapeNames[index % shapeNames.length] as ShapeName;
  const launchMs = dice.between(0.4, 0.85) * days * dayMs;
  const model = models[Math.floor(dice.uniform() ** 1.3 * 5)] as string;
  const other = models[Math.floor(dice.uniform() * 5)] as string;
  const changesMs = shape === 'new model' ? dice.between(0.3, 0.8) * days * dayMs : Number.POSITIVE_INFINITY;
  const usd = dice.lognormal(0.012, 0.8);
  const manyKeys = Array.from({ length: 3 }, (_, place) => `key-${index}-${place}`);
  const networks = Array.from({ length: 200 }, (_, place) => `10.${index}.${place}.7`);
  const modelAt = (atMs: number): string => (atMs < changesMs ? model : other);
  const isSettled = !['new customer'].includes(shape);
  return {
    name: `tenant-${index}`,
    shape,
    keys: manyKeys,
    networks,
    agent: dice.uniform() < 0.5 ? 'openai-node/6.49' : 'openai-python/2.31',
    feature: dice.uniform() < 0.5 ? 'chat' : 'summarise',
    modelAt,
    usdAt: (atMs) => (usd * (priceOf[modelAt(atMs)] ?? 1)) / (priceOf[model] ?? 1),
    costDeviation: dice.between(0.4, 1.1),
    fromMs: isSettled ? 0 : launchMs,
    launchMs: shape === 'launch' ? launchMs : undefined,
    hour: shapes[shape]({ dice, days, launchMs }),
  };
}
