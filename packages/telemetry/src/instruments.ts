import { Counter, Histogram, type Registry } from 'prom-client';
import { KnownValues } from './known-values.js';

/** Seconds, from the time of a cached response to that of a long reasoning stream. */
const latencyBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** Facts by label; a value beyond the bound of its label becomes `other`. */
export type Labels = Readonly<Record<string, unknown>>;

/** Adds to one counter. */
export type Count = (labels: Labels, amount?: number) => void;

/** Makes the instruments of one registry, with labels bounded per instrument and label. */
export class Instruments {
  constructor(
    readonly registry: Registry,
    private readonly prefix: string,
    /** Most values of one label; further values are counted as `other`. */
    readonly maxLabelValues: number,
  ) {}

  /** Adds up here, and passes the sums to prom-client when it is read: it hashes the labels of each increment, which costs several times as much. */
  counter(name: string, help: string, ...labelNames: string[]): Count {
    const bounded = this.#bounded(labelNames);
    const sums = new Map<string, Sum>();
    /** The sums by the labels as they come; of values beyond a bound, there may be any number. */
    const known = new Map<string, Sum>();
    new Counter({
      ...{ name: this.prefix + name, help, labelNames, registers: [this.registry] },
      collect() {
        for (const sum of sums.values()) {
          if (sum.amount === 0) continue;
          this.inc(sum.labels, sum.amount);
          sum.amount = 0;
        }
      },
    });
    const sumOf = (given: Labels, raw: string): Sum => {
      const labels = bounded(given);
      const key = keyOf(labels, labelNames);
      const sum = sums.get(key) ?? { labels, amount: 0 };
      sums.set(key, sum);
      if (key === raw) known.set(raw, sum);
      return sum;
    };
    return (labels, amount = 1) => {
      const raw = keyOf(labels, labelNames);
      const sum = known.get(raw) ?? sumOf(labels, raw);
      sum.amount += amount;
    };
  }

  /** Of seconds; takes milliseconds, as usage events do. */
  duration(name: string, help: string, ...labelNames: string[]): (labels: Labels, ms: number) => void {
    const bounded = this.#bounded(labelNames);
    const histogram = new Histogram({
      name: this.prefix + name,
      help,
      labelNames,
      buckets: latencyBuckets,
      registers: [this.registry],
    });
    return (labels, ms) => histogram.observe(bounded(labels), ms / 1000);
  }

  #bounded(labelNames: readonly string[]): (labels: Labels) => Record<string, string> {
    const known = labelNames.map((name) => [name, new KnownValues(this.maxLabelValues)] as const);
    return (labels) => {
      const found: Record<string, string> = {};
      for (const [name, values] of known) found[name] = values.label(labels[name]);
      return found;
    };
  }
}

/** The amount for one set of labels that prom-client does not have yet. */
interface Sum {
  readonly labels: Record<string, string>;
  amount: number;
}

/** Tells sets of labels apart. */
function keyOf(labels: Labels, names: readonly string[]): string {
  let key = '';
  for (const name of names) key += `${labels[name] ?? ''}\0`;
  return key;
}
