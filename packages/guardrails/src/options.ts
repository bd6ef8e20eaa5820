import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { TollgateContext } from '@tollgate/core';
import {
  accepts,
  acceptsScope,
  checkOptions,
  type GuardOptions,
  guardChecks,
  suggestion,
} from '@tollgate/core/internal';
import type { BodyRules, Report } from './inspect/inspection.js';
import { type MediaKind, mediaKinds } from './inspect/media-kinds.js';
import type { Rule } from './inspect/rule.js';
import type { Moderator } from './moderator.js';
import { injection } from './rules/injection.js';
import { secrets } from './rules/secrets.js';

/** Options of `guardrails()`. */
export interface GuardrailsOptions extends GuardOptions {
  /**
   * Rules that search for unwanted content: `injection()`, `personalData()`, `secrets()`, `pattern()`, or custom rules. `[]` only beside a
   * `schema`, `moderators`, `needs` or bounds. @defaultValue `[injection(), secrets()]`
   */
  rules?: readonly Rule[];
  /** Schema of the request's body: zod, or any other library that implements Standard Schema. @defaultValue none */
  schema?: StandardSchemaV1;
  /**
   * The scope that a caller needs, by content: `image`, `audio`, `video`, `file`, or a kind of finding (`pii.card`, or `pii` for all of
   * them) of one of the `rules`. Media without the scope are refused (403); findings with it pass. @defaultValue none
   */
  needs?: Readonly<Partial<Record<MediaKind, string>> & Record<string, string>>;
  /** Most elements of `messages`, `contents` or `input`. @defaultValue 1_000 */
  maxMessages?: number;
  /** Most characters (UTF-16 units) of all texts of a body together. @defaultValue 1_000_000 */
  maxTextLength?: number;
  /** Who is asked about prompts besides. @defaultValue none */
  moderators?: readonly Moderator[];
  /** Receives every finding, without any of its text. Errors that it throws are caught and published. */
  onReport?: (report: Report, context: TollgateContext) => void;
}

/** Options with their defaults, sorted by use. */
export interface Settings {
  readonly input: BodyRules;
  readonly output: readonly Rule[];
  readonly schema: StandardSchemaV1 | undefined;
  readonly moderators: readonly Moderator[];
  readonly onReport: GuardrailsOptions['onReport'] | undefined;
  readonly mode: GuardOptions['mode'];
}

/** Fills in the defaults; throws a `TypeError` for a wrong or unknown option. */
export function readOptions(options: GuardrailsOptions | undefined): Settings {
  checkOptions<GuardrailsOptions>('guardrails', options, {
    ...guardChecks,
    rules: accepts.arrayOf(isRule),
    schema: (value) =>
      ((typeof value === 'object' || typeof value === 'function') &&
        value !== null &&
        '~standard' in value) ||
      'a schema that speaks Standard Schema, such as one of zod',
    needs: (value) =>
      (accepts.object(value) === true &&
        Object.keys(value as object).length > 0 &&
        Object.values(value as object).every((scope) => acceptsScope(scope) === true)) ||
      'an object of scopes by kind, such as { image: "images" }',
    maxMessages: accepts.positiveInteger,
    maxTextLength: accepts.positiveInteger,
    moderators: accepts.arrayOf(isModerator),
    onReport: accepts.function,
  });
  const { rules = [injection(), secrets()], moderators = [] } = options ?? {};
  const names = [...rules, ...moderators].map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new TypeError(`guardrails: two rules or moderators are named "${twice}"`);
  checkNeeds(options?.needs ?? {}, rules);
  checkSomething(options);
  return {
    input: {
      rules: rules.filter(({ on }) => on !== 'output'),
      needs: options?.needs ?? {},
      maxMessages: options?.maxMessages ?? 1_000,
      maxTextLength: options?.maxTextLength ?? 1_000_000,
    },
    output: rules.filter(({ on }) => on !== 'input'),
    schema: options?.schema,
    moderators,
    onReport: options?.onReport,
    mode: options?.mode,
  };
}

/** A kind that nothing finds would let through, or keep out, nothing. */
function checkNeeds(needs: Readonly<Record<string, string>>, rules: readonly Rule[]): void {
  const found = rules.filter(({ on }) => on !== 'output').flatMap(({ kinds = [] }) => kinds);
  const families = found.filter((kind) => kind.includes('.')).map((kind) => kind.slice(0, kind.indexOf('.')));
  const known = [...new Set([...mediaKinds, ...families, ...found])];
  const unknown = Object.keys(needs).find((kind) => !known.includes(kind));
  if (unknown !== undefined) {
    throw new TypeError(
      `guardrails: "needs" names "${unknown}"${suggestion(unknown, known)}, which is no kind of media and of no finding of "rules"; known are ${known.join(', ')}; a rule of your own lists its "kinds"`,
    );
  }
}

function checkSomething({ rules, ...more }: GuardrailsOptions = {}): void {
  const { schema, moderators = [], needs, maxMessages, maxTextLength } = more;
  const others = schema ?? moderators[0] ?? needs ?? maxMessages ?? maxTextLength;
  if (rules?.length === 0 && others === undefined) {
    throw new TypeError(
      'guardrails: "rules" must be at least one rule where nothing else is looked at, received an empty array; absent: injection() and secrets()',
    );
  }
}

function isRule(value: unknown): true | string {
  const expected =
    'a rule: { name, on: "input", "output" or "both", action: "block", "flag" or "redact", find() }';
  if (accepts.methods('find')(value) !== true) return expected;
  const { name, on, action, threshold, reach, kinds = [] } = value as Partial<Rule>;
  const sound =
    accepts.string(name) === true &&
    accepts.oneOf('input', 'output', 'both')(on) === true &&
    accepts.oneOf('block', 'flag', 'redact')(action) === true &&
    (threshold === undefined || (typeof threshold === 'number' && threshold >= 0 && threshold <= 1)) &&
    (reach === undefined || accepts.integerBetween(1, 65_536)(reach) === true) &&
    accepts.arrayOf(accepts.string)(kinds) === true;
  return sound || expected;
}

function isModerator(value: unknown): true | string {
  const expected = 'a moderator: { name, check(), deadlineMs: 1 to 60000, whenDown: "closed" or "open" }';
  if (accepts.methods('check')(value) !== true) return expected;
  const { name, deadlineMs, whenDown } = value as Partial<Moderator>;
  const sound =
    accepts.string(name) === true &&
    (deadlineMs === undefined || accepts.integerBetween(1, 60_000)(deadlineMs) === true) &&
    (whenDown === undefined || accepts.oneOf('closed', 'open')(whenDown) === true);
  return sound || expected;
}
