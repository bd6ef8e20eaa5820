import type { Fields } from '../fields.js';
import type { Asked, Effort } from '../neutral-request.js';
import { notTranslatableError, notValidError } from '../not-translatable.js';

const efforts: readonly Effort[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];
const isEffort = (value: string): value is Effort => efforts.some((one) => one === value);

/** How much to think. */
export function readEffort(fields: Fields, name: string): Effort | undefined {
  const effort = fields.text(name);
  if (effort === undefined || isEffort(effort)) return effort;
  throw notValidError(fields.param(name), `one of ${efforts.join(', ')}`, effort);
}

/** `auto` leaves the tier to the app's own account. */
export function readTier(fields: Fields): boolean | undefined {
  const tier = fields.text('service_tier');
  if (tier === undefined || tier === 'auto') return undefined;
  if (tier === 'default') return true;
  throw notTranslatableError('service_tier', 'the provider that answers has no such tier');
}

/** Whom the answer is for, by either name. */
export function readUser(fields: Fields): Asked<string> | undefined {
  const user = fields.text('safety_identifier');
  const legacy = fields.text('user');
  if (user !== undefined) return { value: user, param: 'safety_identifier' };
  return legacy === undefined ? undefined : { value: legacy, param: 'user' };
}

/**
 * Hints for the prompt cache: they change the cost of input, not the response (platform.openai.com, "Prompt caching"). A short retention
 * cannot be promised for other providers.
 */
export function takeCacheHints(fields: Fields): void {
  fields.text('prompt_cache_key');
  fields.only('prompt_cache_retention', ['24h'], 'other providers cannot choose how long a prompt is cached');
  const options = fields.fields('prompt_cache_options');
  options?.only('mode', ['implicit', 'explicit'], 'it must be implicit or explicit');
  options?.only('ttl', ['30m'], 'it must be 30m');
  options?.refuseRest();
}

/** The end of a part of a prompt that may be kept: another of these hints. */
export function takeBreakpoint(part: Fields): void {
  const mark = part.fields('prompt_cache_breakpoint');
  mark?.only('mode', ['explicit'], 'it must be explicit');
  mark?.refuseRest();
}
