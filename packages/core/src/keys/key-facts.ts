import { accepts, type OptionCheck, type OptionChecks } from '../lib/options.js';
import type { ApiKeyRecord, KeySecret } from './key-store.js';

/** The facts of a key: its record without id and secrets. */
export type KeyFacts = Omit<ApiKeyRecord, 'keyId' | 'secrets' | 'revokedAtMs'>;

/** RFC 6749 §3.3: the characters of a scope. */
export const acceptsScope: OptionCheck = (value) =>
  (typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)) ||
  'a scope without spaces, quotes and backslashes';

/** The facts of a new key. */
export interface NewKey extends Omit<KeyFacts, 'scopes'> {
  /** @defaultValue none */
  readonly scopes?: readonly string[] | undefined;
  /** `tg_live_…` or `tg_test_…`. @defaultValue true */
  readonly live?: boolean | undefined;
}

/** A new key. `key` is returned once and stored nowhere. */
export interface IssuedKey {
  readonly key: string;
  readonly keyId: string;
}

/** The new secret, and the one before it until the overlap is over, or sooner where it was to end sooner. */
export function rotatedSecrets(
  secrets: readonly KeySecret[],
  sha256: string,
  overlapEndMs: number,
): readonly KeySecret[] {
  const [outgoing] = secrets;
  if (!outgoing) return [{ sha256 }];
  return [{ sha256 }, { ...outgoing, expiresAtMs: Math.min(outgoing.expiresAtMs ?? Infinity, overlapEndMs) }];
}

const acceptsLabels = (value: unknown): true | string =>
  (accepts.object(value) === true &&
    Object.values(value as object).every((text) => typeof text === 'string')) ||
  'an object of strings';

/** The checks of {@link KeyFacts} for input from outside. */
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
