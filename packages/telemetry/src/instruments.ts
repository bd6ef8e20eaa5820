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

  counter(name: string, help: string, ...labelNames: string[]): Count {
    const bounded = this.#bounded(labelNames);
    const counter = new Counter({ name: this.prefix + name, help, labelNames, registers: [this.registry] });
    return (labels, amount = 1) => counter.inc(bounded(labels), amount);
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
