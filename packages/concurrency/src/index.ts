export type { AdaptiveOptions } from './adaptive-options.js';
export { type ConcurrencyMiddleware, concurrency } from './middleware.js';
export type { BatchOptions, ConcurrencyOptions, QueueOptions } from './options.js';
export type { PressureOptions } from './pressure.js';
