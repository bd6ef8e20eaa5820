export type { WatchedApp } from './app-gauges.js';
export { type Metrics, metrics } from './metrics.js';
export type { MetricsOptions } from './options.js';
