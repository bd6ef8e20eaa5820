export { rateLimit } from './middleware.js';
export type { RateLimitOptions, RequestLimit, RequestScope } from './options.js';
