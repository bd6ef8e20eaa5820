import { accepts, checkOptions } from '@tollgate/core/internal';
import { Registry } from 'prom-client';
import type { LimitFigures } from './fullest-limits.js';

/** Options of `metrics()`. */
export interface MetricsOptions {
  /** prom-client's registry that the metrics are added to, e.g. the app's. @defaultValue a new registry */
  registry?: Registry;
  /** Begins every name; letters, digits and `_`. @defaultValue 'tollgate_' */
  prefix?: string;
  /**
   * The most values of one label, 1 to 10 000; later values are counted as `other`. A hundred series of every kind make a scrape of about
   * 200 kB. @defaultValue 100
   */
  maxLabelValues?: number;
  /** Whether cost and tokens carry the tenant as a label. Readers of the metrics then learn the names of the customers. @defaultValue false */
  tenants?: boolean;
  /**
   * The caps of all callers, the fullest first, for gauges of the 100 fullest: `() => capUsage(database, { plans })` of `@tollgate/reports`. Asked
   * once a minute at most. Their labels name tenants, teams, users and keys. @defaultValue none
   */
  limits?: () => Promise<readonly LimitFigures[]>;
  /** The clock of these gauges, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
  /** Whether the process itself is measured too, as prom-client does: memory, event loop lag, garbage collection. @defaultValue false */
  process?: boolean;
}

/** Fills in the defaults; throws a `TypeError` for a wrong or unknown option. */
export function readOptions(
  options: MetricsOptions | undefined,
): Required<Omit<MetricsOptions, 'limits'>> & Pick<MetricsOptions, 'limits'> {
  checkOptions<MetricsOptions>('metrics', options, {
    registry: accepts.methods('registerMetric', 'metrics', 'getSingleMetric'),
    prefix: (value) =>
      (typeof value === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) ||
      'letters, digits and "_", not beginning with a digit',
    maxLabelValues: accepts.integerBetween(1, 10_000),
    tenants: accepts.boolean,
    limits: accepts.function,
    now: accepts.function,
    process: accepts.boolean,
  });
  return {
    registry: options?.registry ?? new Registry(),
    prefix: options?.prefix ?? 'tollgate_',
    maxLabelValues: options?.maxLabelValues ?? 100,
    tenants: options?.tenants ?? false,
    process: options?.process ?? false,
    ...(options?.limits && { limits: options.limits }),
    now: options?.now ?? Date.now,
  };
}
