export type { LimitStatus } from './limit-status.js';
export { type RateLimitMiddleware, rateLimit } from './middleware.js';
export type { RateLimitOptions, RequestLimit, RequestScope } from './options.js';
export type { WeightedCount, WeightedStore } from './weighted-store.js';
