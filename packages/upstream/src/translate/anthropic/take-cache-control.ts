import type { Fields } from '../fields.js';

/**
 * A mark for the prompt cache. It does not change the response (platform.claude.com, "Prompt caching"), and other providers cache prompts
 * without it, so it is accepted and dropped; the real input cost is read from the provider's usage.
 */
export function takeCacheControl(fields: Fields): void {
  const mark = fields.fields('cache_control');
  mark?.only('type', ['ephemeral'], 'only ephemeral caches are known');
  mark?.only('ttl', ['5m', '1h'], 'it must be 5m or 1h');
  mark?.refuseRest();
}
