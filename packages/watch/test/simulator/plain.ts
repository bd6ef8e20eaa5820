import type { DetectorName, Finding } from '../../src/detectors/finding.js';
import type { Subject } from '../../src/features/subject.js';
import { Ewma } from '../../src/statistics/ewma.js';
import { RollingSum } from '../../src/statistics/rolling-sum.js';
import type { MakeContender } from './contender.js';
import { dayMs, hourMs } from './customers.js';
import { type Happening, type Scale, Traffic } from './traffic.js';

/** What one would do without us: a fixed threshold for each sum, or mean and standard deviation of each subject's own. */
export type PlainKind = 'fixed thresholds' | 'plain z-score';

const minuteMs = 60_000;
/** Windows with anything in them that a mean and its deviation need. */
const leastWindows = 24;
const latest = 15;

/** A sum over a rolling window, and mean and standard deviation of the windows before. */
class PlainSum {
  readonly #sum: RollingSum;
  #windowStartMs = Number.NaN;
  #inWindow = 0;
  readonly past = new PlainMoments();

  constructor(private readonly lengthMs: number) {
    this.#sum = new RollingSum(lengthMs);
  }

  add(atMs: number, amount: number): number {
    const startMs = Math.floor(atMs / this.lengthMs) * this.lengthMs;
    if (startMs !== this.#windowStartMs) {
      if (this.#inWindow > 0) this.past.add(this.#inWindow);
      this.#windowStartMs = startMs;
      this.#inWindow = 0;
    }
    this.#inWindow += amount;
    this.#sum.add(atMs, amount);
    return this.#sum.sum(atMs);
  }
}

/** B. P. Welford: Note on a Method for Calculating Corrected Sums of Squares and Products, 1962. */
class PlainMoments {
  #count = 0;
  #mean = 0;
  #squares = 0;

  add(value: number): void {
    this.#count += 1;
    const difference = value - this.#mean;
    this.#mean += difference / this.#count;
    this.#squares += difference * (value - this.#mean);
  }

  /** Nothing without evidence enough. */
  z(value: number): number | undefined {
    const deviation = Math.sqrt(this.#squares / Math.max(this.#count - 1, 1));
    return this.#count < leastWindows || deviation === 0 ? undefined : (value - this.#mean) / deviation;
  }
}

interface PlainRecord {
  readonly usdIn5Minutes: PlainSum;
  readonly usdInAnHour: PlainSum;
  readonly requestsInAMinute: PlainSum;
  readonly cost: Ewma;
  readonly costs: PlainMoments;
}

/** A feature of somebody, now: of raw size, or in standard deviations. */
interface Value {
  readonly feature: string;
  readonly detector: DetectorName;
  readonly subject: Subject;
  readonly value: number;
}

export class PlainFeatures {
  readonly #records = new Map<string, PlainRecord>();
  readonly #failures = new Map<string, readonly RollingSum[]>();

  constructor(private readonly kind: PlainKind) {}

  of(happening: Happening): Value[] {
    const { tenant, network, key, model, atMs, usd, tokens } = happening;
    if (!tenant) return this.#failed(network, atMs);
    return [
      ...this.#subject({ kind: 'key', name: key, tenant: tenant.name }, atMs, usd, usd),
      ...this.#subject({ kind: 'tenant', name: tenant.name, tenant: tenant.name }, atMs, usd, usd),
      ...this.#subject({ kind: 'model', name: model }, atMs, usd, usd / tokens),
    ];
  }

  /** Nobody has a history of wrong credentials: both go by their number. */
  #failed(network: string, atMs: number): Value[] {
    const sums = this.#failures.get(network) ?? [new RollingSum(10 * minuteMs), new RollingSum(dayMs)];
    this.#failures.set(network, sums);
    const subject: Subject = { kind: 'network', name: network };
    return sums.map((sum, place) => {
      sum.add(atMs, 1);
      return { feature: `failures ${place}`, detector: 'credential-stuffing', subject, value: sum.sum(atMs) };
    });
  }

  #subject(subject: Subject, atMs: number, usd: number, cost: number): Value[] {
    const record = this.#recordOf(subject);
    record.cost.add(cost);
    record.costs.add(cost);
    const sums = [
      this.#value('usdIn5Minutes', subject, record.usdIn5Minutes, atMs, usd),
      this.#value('usdInAnHour', subject, record.usdInAnHour, atMs, usd),
      this.#value('requestsInAMinute', subject, record.requestsInAMinute, atMs, 1),
    ];
    const mean = record.cost.count >= latest ? record.cost.mean : 0;
    const value = this.kind === 'plain z-score' ? record.costs.z(mean) : mean;
    const feature = `cost of ${subject.kind}`;
    return [...sums, { feature, detector: 'cost' as const, subject, value }].filter(
      (one): one is Value => one?.value !== undefined,
    );
  }

  #value(name: string, subject: Subject, sum: PlainSum, atMs: number, amount: number): Value | undefined {
    const seen = sum.add(atMs, amount);
    const value = this.kind === 'plain z-score' ? sum.past.z(seen) : seen;
    if (value === undefined || subject.kind === 'model') return undefined;
    return { feature: `${name} of ${subject.kind}`, detector: 'spend', subject, value };
  }

  #recordOf({ kind, name }: Subject): PlainRecord {
    const key = `${kind} ${name}`;
    const record = this.#records.get(key) ?? {
      usdIn5Minutes: new PlainSum(5 * minuteMs),
      usdInAnHour: new PlainSum(hourMs),
      requestsInAMinute: new PlainSum(minuteMs),
      cost: new Ewma(latest),
      costs: new PlainMoments(),
    };
    this.#records.set(key, record);
    return record;
  }
}

/** Of each feature: from which value on to tag, slow down and suspend. */
export type PlainLevels = ReadonlyMap<string, readonly [number, number, number]>;

/** False actions that are allowed in tuning, for each tenant and month: to tag, slow down, suspend. */
const allowed = [0.5, 0.1, 0.04] as const;
const scores = [5, 6, 8] as const;
/** Over so many features, so that they are allowed as many together. */
const featuresOfSpending = 6;

/**
 * The lowest levels at which some weeks' traffic without any incident would have had no more false actions than are allowed: as sensitive as it can be
 * made. What is over a level on one day is one action.
 */
export function tunePlain(kind: PlainKind, scale: Omit<Scale, 'perKind'>): PlainLevels {
  const traffic = new Traffic({ ...scale, perKind: 0 });
  const features = new PlainFeatures(kind);
  const highest = new Map<string, Map<string, number>>();
  for (const hour of traffic.hours()) {
    for (const happening of hour) {
      for (const { feature, subject, value } of features.of(happening)) {
        const ofDay = `${subject.name} ${Math.floor(happening.atMs / dayMs)}`;
        const days = highest.get(feature) ?? new Map<string, number>();
        highest.set(feature, days);
        if (value > (days.get(ofDay) ?? 0)) days.set(ofDay, value);
      }
    }
  }
  const tenantMonths = (scale.tenants * scale.days) / 30;
  return new Map(
    [...highest].map(([feature, days]) => {
      const sorted = [...days.values()].sort((one, other) => other - one);
      const above = (share: number): number =>
        (sorted[Math.floor((share * tenantMonths) / featuresOfSpending)] ?? 0) * 1.000_001;
      return [feature, [above(allowed[0]), above(allowed[1]), above(allowed[2])]];
    }),
  );
}

/** Thresholds or z-scores on the same ladder. */
export const plainContender =
  (kind: PlainKind, levels: PlainLevels): MakeContender =>
  (found) => {
    const features = new PlainFeatures(kind);
    const tenants = new Set<string>();
    return {
      take(happening) {
        if (happening.tenant) tenants.add(happening.tenant.name);
        for (const one of features.of(happening)) {
          const finding = findingOf(one, levels.get(one.feature), happening.atMs);
          if (finding) found(finding);
        }
      },
      activeTenants: () => tenants.size,
    };
  };

function findingOf(
  { feature, detector, subject, value }: Value,
  levels: readonly number[] | undefined,
  atMs: number,
): Finding | undefined {
  const step = levels?.findLastIndex((level) => value >= level) ?? -1;
  const score = scores[step];
  const expected = levels?.[0] ?? 0;
  if (score === undefined) return undefined;
  return { detector, subject, atMs, score, features: [{ feature, expected, seen: value }], contributors: [] };
}
