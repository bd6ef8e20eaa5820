import type { UsageSink } from '@tollgate/core';
import type { RequestHandler } from 'express';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { appGauges, type WatchedApp } from './app-gauges.js';
import { channelMetrics } from './channel-metrics.js';
import { fullestLimits } from './fullest-limits.js';
import { Instruments } from './instruments.js';
import { type MetricsOptions, readOptions } from './options.js';
import { usageMetrics } from './usage-metrics.js';

/** Metrics of one process. */
export interface Metrics {
  /** Counts cost, tokens and latencies: give it among the `sinks` of `tollgate()`, `memoryQuota()` or `meter()`. */
  readonly sink: UsageSink;
  /** Adds an app's own gauges: `metrics.watch(tg)`. Once per registry; a second app throws. */
  watch(app: WatchedApp): void;
  /** Responds to `GET /metrics` in Prometheus's text format. It checks no credentials: mount your access check in front of it. */
  handler(): RequestHandler;
  readonly registry: Registry;
  /** Stops counting. */
  close(): void;
}

/**
 * Counts admissions, refusals, spend and failures in this process, from the channels that all packages publish on and the usage events that
 * `sink` receives. Labels contain plans, models, providers and codes; no key, no prompt, and tenants by option only. Throws a `TypeError`
 * for a wrong or unknown option.
 */
export function metrics(options?: MetricsOptions): Metrics {
  const { registry, prefix, maxLabelValues, tenants, limits, now, process } = readOptions(options);
  const instruments = new Instruments(registry, prefix, maxLabelValues);
  const sink = usageMetrics(instruments, tenants);
  const stop = channelMetrics(instruments, prefix);
  if (limits) fullestLimits(limits, registry, prefix, now);
  if (process) collectDefaultMetrics({ register: registry });

  const metricsHandler: RequestHandler = (_req, res, next) => {
    registry
      .metrics()
      .then(
        (text) =>
          void res.set('content-type', registry.contentType).set('cache-control', 'no-store').end(text),
        next,
      );
  };
  return {
    sink,
    watch: (app) => appGauges(app, registry, prefix),
    handler: () => metricsHandler,
    registry,
    close: stop,
  };
}
