import type { Fields } from '../fields.js';

/**
 * A mark for the cache of prompts. It has no effect on the answer (platform.claude.com, "Prompt caching"), and the other providers keep
 * prompts without being told, so it is taken and goes nowhere; what input really cost is read from the provider's usage.
 */
export function takeCacheControl(fields: Fields): void {
  const mark = fields.fields('cache_control');
  mark?.only('type', ['ephemeral'], 'only ephemeral caches are known');
  mark?.only('ttl', ['5m', '1h'], 'it must be 5m or 1h');
  mark?.refuseRest();
}
