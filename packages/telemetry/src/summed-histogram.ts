import type { Metric, Registry } from 'prom-client';
import { LabelSets, type Labels } from './label-sets.js';

/** One set of labels: how many values were at most each bound and above the one before, and their sum. */
interface Sums {
  readonly counts: number[];
  sum: number;
}

/**
 * A histogram that prom-client shows: its own observes by hashing the labels, which costs several times as much. Takes milliseconds, shows
 * seconds.
 */
export function summedHistogram(
  registry: Registry,
  described: { name: string; help: string; labelNames: readonly string[]; buckets: readonly number[] },
  most: number,
): (labels: Labels, ms: number) => void {
  const { name, help, labelNames, buckets } = described;
  const sets = new LabelSets<Sums>(labelNames, most, () => ({
    counts: [...buckets, 0].map(() => 0),
    sum: 0,
  }));
  const shown = {
    ...{ name, help, type: 'histogram', aggregator: 'sum' },
    reset: () => sets.clear(),
    get: async () => ({
      ...{ name, help, type: 'histogram', aggregator: 'sum' },
      values: sets.all().flatMap(([labels, { counts, sum }]) => {
        let total = 0;
        const bars = counts.map((count, index) => {
          total += count;
          return {
            metricName: `${name}_bucket`,
            value: total,
            labels: { le: buckets[index] ?? '+Inf', ...labels },
          };
        });
        return [
          ...bars,
          { metricName: `${name}_sum`, value: sum, labels },
          { metricName: `${name}_count`, value: total, labels },
        ];
      }),
    }),
  };
  // The registry calls these functions; its type names prom-client's own classes.
  registry.registerMetric(shown as unknown as Metric);
  return (labels, ms) => {
    const seconds = ms / 1_000;
    const sums = sets.of(labels);
    sums.sum += seconds;
    let place = 0;
    while (place < buckets.length && seconds > (buckets[place] as number)) place += 1;
    sums.counts[place] = (sums.counts[place] as number) + 1;
  };
}
