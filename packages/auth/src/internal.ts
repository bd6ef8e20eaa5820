/** Names that Tollgate's packages share. They may change in any release. */
export { OverrideCache, type OverrideCacheSettings } from './override-cache.js';
