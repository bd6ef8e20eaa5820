export type { WatchedApp } from './app-gauges.js';
export type { LimitFigures } from './fullest-limits.js';
export { type LogEntry, type LogLevel, type Logs, type LogsOptions, logs } from './logs.js';
export { type Metrics, metrics } from './metrics.js';
export type { MetricsOptions } from './options.js';
export type { ContextLike, MeterLike, TracerLike } from './otel/api.js';
export type { ConventionVersion } from './otel/conventions.js';
export { type Otel, type OtelOptions, otel } from './otel/otel.js';
