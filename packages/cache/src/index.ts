export { type CacheMiddleware, cache } from './middleware.js';
export type { CacheOptions } from './options.js';
