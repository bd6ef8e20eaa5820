import { accepts, checkOptions, secretFormats, secretsIn } from '@tollgate/core/internal';
import type { Finding, Rule, RuleAction } from '../inspect/rule.js';
import { encodedRuns } from './encoded-text.js';
import { undisguised } from './undisguised.js';

/** Options of {@link secrets}. */
export interface SecretsOptions {
  /** @defaultValue 'block' */
  action?: RuleAction;
  /** @defaultValue 'both' */
  on?: Rule['on'];
}

const kinds = Object.freeze([...new Set(secretFormats.map(({ kind }) => kind))]);

/**
 * A rule for keys and other secrets by their form, also behind invisible characters, full-width letters and the encodings that
 * `injection()` reads. Throws a `TypeError` for a wrong option.
 */
export function secrets(options: SecretsOptions = {}): Rule {
  checkOptions<SecretsOptions>('secrets', options, {
    action: accepts.oneOf('block', 'flag', 'redact'),
    on: accepts.oneOf('input', 'output', 'both'),
  });
  const { action = 'block', on = 'both' } = options;
  return { name: 'secrets', on, action, kinds, holdFrom: lastWord, reach: maxPem, find: findingsIn };
}

/** Secrets that can be read, and those that can be once the text is undisguised or decoded. */
function findingsIn(text: string): Finding[] {
  const found = secretsIn(text);
  const { plain, placeOf } = undisguised(text);
  if (plain !== text)
    for (const { kind, start, end } of secretsIn(plain))
      found.push({ kind, start: placeOf(start), end: placeOf(end) });
  for (const { text: decoded, start, end } of encodedRuns(text))
    for (const { kind } of secretsIn(decoded)) found.push({ kind, start, end });
  return found.map((one) => ({ ...one, weight: 1 }));
}

/** Longest beginning of a key, a JWT and a private key that is waited for. */
const [maxKey, maxJwt, maxPem] = [300, 2_048, 16_384];

/**
 * Where a key at the end may have begun: in the last run of the characters that keys are made of, with the word before it that belongs to it,
 * or with a private key that has not ended.
 */
function lastWord(text: string): number {
  const pem = text.lastIndexOf('-----BEGIN ');
  if (pem >= Math.max(0, text.length - maxPem) && !text.includes('-----END ', pem)) return pem;
  const most = text.lastIndexOf('eyJ') === -1 ? maxKey : maxJwt;
  const least = Math.max(0, text.length - most);
  let start = text.length;
  while (start > least && /[A-Za-z0-9_.:/+=~@-]/.test(text[start - 1] as string)) start -= 1;
  const before = text.slice(Math.max(0, start - longestLead), start);
  return start - (leads.exec(before)?.[0].length ?? 0);
}

/** The words of secrets that have a space or a quotation mark between them and their characters, at the end of a text. */
const leads = /[Bb]earer $|aws_secret_access_key["']?\s{0,3}[:=]?\s{0,3}["']?$/;
const longestLead = 32;
