export { type RateLimitMiddleware, rateLimit } from './middleware.js';
export type { RateLimitOptions, RequestLimit, RequestScope } from './options.js';
export type { RequestStanding } from './standing.js';
