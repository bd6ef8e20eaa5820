import type { ApiKeyRecord } from './key-store.js';
import { accepts, type OptionCheck, type OptionChecks } from './options.js';

/** What a key stands for: its record without id and secrets. */
export type KeyFacts = Omit<ApiKeyRecord, 'keyId' | 'secrets' | 'revokedAtMs'>;

/** RFC 6749 §3.3: what a scope consists of. */
export const acceptsScope: OptionCheck = (value) =>
  (typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)) ||
  'a scope without spaces, quotes and backslashes';

const acceptsLabels = (value: unknown): true | string =>
  (accepts.object(value) === true &&
    Object.values(value as object).every((text) => typeof text === 'string')) ||
  'an object of strings';

/** The checks of {@link KeyFacts}, for whoever takes them from outside. */
export const keyFactsChecks: OptionChecks<KeyFacts> = Object.freeze({
  tenant: accepts.string,
  team: accepts.string,
  user: accepts.string,
  plan: accepts.string,
  scopes: accepts.arrayOf(acceptsScope),
  models: accepts.arrayOf(accepts.string),
  labels: acceptsLabels,
  expiresAtMs: accepts.wholeNumber,
});
