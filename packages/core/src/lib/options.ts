import { maskSecrets } from './secret-formats.js';

/**
 * Describes a received value for a message, bounded, without calling into it. Strings are shown up to 40 characters, with secrets masked.
 */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    const shown = maskSecrets(value.slice(0, 1_000));
    return JSON.stringify(shown.length > 40 ? `${shown.slice(0, 40)}…` : shown);
  }
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) {
    return Object.keys(value).length === 0 ? 'an empty object' : 'an object';
  }
  if (typeof value === 'bigint') return `${value}n`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Names of options whose values are never shown: secrets, and where servers are, since that may contain a password. */
const secretNames =
  /secret|password|token|apikey|^(?:keys?|redis|database|connectionstring|pool|routingkey)$/i;

/** Describes what an option received; of an option that holds a secret only its kind and length. */
function describeOption(name: string, value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '' || !secretNames.test(name))
    return describeValue(value);
  return `a text of ${value.length} ${value.length === 1 ? 'character' : 'characters'}`;
}

/** The check of one option: `true` for a good value, otherwise a description of the expected one, e.g. `'a positive integer'`. */
export type OptionCheck = (value: unknown) => true | string;

/** The checks of a factory's options by name; a name without a check is an unknown option. */
export type OptionChecks<Options extends object> = { readonly [Name in keyof Options]-?: OptionCheck };

/**
 * Checks a factory's options at start. `undefined` means absent. Throws a `TypeError` that names factory, option and received value, for a
 * wrong value, an unknown option (a misspelt limit would not limit) or a missing required one.
 */
export function checkOptions<Options extends object>(
  factory: string,
  options: Options | undefined,
  checks: OptionChecks<Options>,
  required: readonly (keyof Options & string)[] = [],
): void {
  const given: unknown = options === undefined ? {} : options;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(`${factory}: options must be an object, received ${describeValue(given)}`);
  }
  const known = checks as Readonly<Record<string, OptionCheck>>;
  for (const [name, value] of Object.entries(given)) {
    const check = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!check) {
      throw new TypeError(
        `${factory}: unknown option "${name}"${suggestion(name, Object.keys(known))}; known are ${Object.keys(known).join(', ')}`,
      );
    }
    if (value === undefined) continue;
    const verdict = check(value);
    if (verdict !== true) {
      throw new TypeError(
        `${factory}: "${name}" must be ${verdict}, received ${describeOption(name, value)}`,
      );
    }
  }
  for (const name of required) {
    if ((given as Record<string, unknown>)[name] === undefined) {
      const check = known[name];
      const expected = check ? check(undefined) : true;
      throw new TypeError(
        `${factory}: "${name}" is required${expected === true ? '' : ` and must be ${expected}`}`,
      );
    }
  }
}

/** The value checks that factories share. */
export const accepts = Object.freeze({
  anything: (): true => true,
  boolean: (value: unknown) => typeof value === 'boolean' || 'true or false',
  /** Text with content: not empty, not only spaces. */
  string: (value: unknown) => (typeof value === 'string' && value.trim() !== '') || 'a non-empty string',
  function: (value: unknown) => typeof value === 'function' || 'a function',
  object: (value: unknown) =>
    (typeof value === 'object' && value !== null && !Array.isArray(value)) || 'an object',
  positiveInteger: (value: unknown) =>
    (Number.isSafeInteger(value) && Number(value) > 0) || 'a positive integer',
  wholeNumber: (value: unknown) =>
    (Number.isSafeInteger(value) && Number(value) >= 0) || 'an integer of 0 or more',
  /** A share: 0 < value ≤ 1. */
  share: (value: unknown) =>
    (typeof value === 'number' && value > 0 && value <= 1) || 'a number above 0 and at most 1',
  integerBetween: (least: number, most: number) => (value: unknown) =>
    (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most) ||
    `an integer from ${least} to ${most}`,
  oneOf:
    (...values: readonly string[]) =>
    (value: unknown) =>
      (typeof value === 'string' && values.includes(value)) ||
      `one of ${values.map((one) => `"${one}"`).join(', ')}`,
  /** An object with these methods: a store, a sink, a client. */
  methods:
    (...names: readonly string[]) =>
    (value: unknown) =>
      (typeof value === 'object' &&
        value !== null &&
        // An array has a find() as well, which is not meant.
        !Array.isArray(value) &&
        names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')) ||
      `an object with ${names.map((name) => `${name}()`).join(', ')}`,
  arrayOf: (check: OptionCheck) => (value: unknown) => arrayVerdict('an array', check, value),
  /** For lists that have no meaning when empty: omit the option instead. */
  someOf: (check: OptionCheck) => (value: unknown) =>
    Array.isArray(value) && value.length === 0
      ? `a non-empty array, each ${String(check(undefined))}`
      : arrayVerdict('a non-empty array', check, value),
} satisfies Record<string, OptionCheck | ((...args: never[]) => OptionCheck)>);

function arrayVerdict(kind: string, check: OptionCheck, value: unknown): true | string {
  if (!Array.isArray(value)) return `${kind}, each ${String(check(undefined))}`;
  const wrong = value.findIndex((item) => check(item) !== true);
  return (
    wrong === -1 ||
    `${kind}, each ${String(check(value[wrong]))} (item ${wrong} is ${describeValue(value[wrong])})`
  );
}

/** Options of every guard middleware. */
export interface GuardOptions {
  /**
   * `enforce` refuses; `shadow` decides and counts, but refuses no request, writes no header and changes no body: each refusal is published on
   * `tollgate:refuse` with `shadow: true`; `off` does nothing.
   * @defaultValue 'enforce'
   */
  mode?: 'enforce' | 'shadow' | 'off';
  /** `answer`: the guard answers its refusals itself; `next`: it hands them to `next(error)`. @defaultValue 'answer' */
  refusals?: 'answer' | 'next';
  /**
   * The format of refusals. `auto`: Anthropic's where the path or an `anthropic-version` header shows it, Gemini's on its paths, otherwise
   * OpenAI's. @defaultValue 'auto'
   */
  errorFormat?: 'auto' | 'openai' | 'anthropic' | 'gemini' | 'problem';
}

/** The checks of {@link GuardOptions}, to spread into a guard's own. */
export const guardChecks = Object.freeze({
  mode: accepts.oneOf('enforce', 'shadow', 'off'),
  refusals: accepts.oneOf('answer', 'next'),
  errorFormat: accepts.oneOf('auto', 'openai', 'anthropic', 'gemini', 'problem'),
}) satisfies OptionChecks<GuardOptions>;

/** ` (did you mean "…"?)` where a known name is nearly the same; otherwise nothing. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = (budget: number): string | undefined =>
    known.find((one) => isWithin(name.toLowerCase(), one.toLowerCase(), budget));
  const nearest = near(0) ?? near(1) ?? near(2);
  return nearest ? ` (did you mean "${nearest}"?)` : '';
}

/** Whether two words differ by at most `budget` insertions, deletions or substitutions (Levenshtein). */
function isWithin(a: string, b: string, budget: number): boolean {
  if (a === b) return true;
  if (budget === 0 || Math.abs(a.length - b.length) > budget) return false;
  let same = 0;
  while (same < a.length && a[same] === b[same]) same += 1;
  const [restA, restB] = [a.slice(same), b.slice(same)];
  return (
    isWithin(restA.slice(1), restB, budget - 1) ||
    isWithin(restA, restB.slice(1), budget - 1) ||
    isWithin(restA.slice(1), restB.slice(1), budget - 1)
  );
}
