import { Counter, type Registry } from 'prom-client';
import { LabelSets, type Labels } from './label-sets.js';
import { summedHistogram } from './summed-histogram.js';

/** Seconds, from the time of a cached response to that of a long reasoning stream. */
const latencyBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

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
    const sums = new LabelSets(labelNames, this.maxLabelValues, () => ({ amount: 0 }));
    new Counter({
      ...{ name: this.prefix + name, help, labelNames, registers: [this.registry] },
      collect() {
        for (const [labels, sum] of sums.all()) {
          if (sum.amount === 0) continue;
          this.inc(labels, sum.amount);
          sum.amount = 0;
        }
      },
    });
    return (labels, amount = 1) => {
      sums.of(labels).amount += amount;
    };
  }

  /** Of seconds; takes milliseconds, as usage events do. */
  duration(
    name: string,
    help: string,
    labelNames: readonly string[],
    buckets: readonly number[] = latencyBuckets,
  ): (labels: Labels, ms: number) => void {
    const described = { name: this.prefix + name, help, labelNames, buckets };
    return summedHistogram(this.registry, described, this.maxLabelValues);
  }
}
