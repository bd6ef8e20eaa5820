import { accepts, checkOptions } from '@tollgate/core/internal';
import type { Rule, RuleAction } from '../inspect/rule.js';

/** Options of {@link pattern}. */
export interface PatternOptions {
  /** Name of the rule, and kind of its findings. */
  name: string;
  /** The words to search for, regardless of case. 1 to 10 000, none empty. */
  words: readonly string[];
  action: RuleAction;
  /** @defaultValue 'both' */
  on?: Rule['on'];
}

/**
 * A rule for the app's words: project names, competitors, phrases. Matches whole words, in any case. Texts are compared; no regular
 * expression is run on the client's text. Throws a `TypeError` for a wrong option.
 */
export function pattern(options: PatternOptions): Rule {
  checkOptions<PatternOptions>(
    'pattern',
    options,
    {
      name: accepts.string,
      words: accepts.someOf(accepts.string),
      action: accepts.oneOf('block', 'flag', 'redact'),
      on: accepts.oneOf('input', 'output', 'both'),
    },
    ['name', 'words', 'action'],
  );
  const { name, action, on = 'both' } = options;
  const words = [...new Set(options.words.map((one) => one.toLowerCase()))];
  if (words.length > 10_000)
    throw new TypeError(`pattern: "words" must be at most 10000, received ${words.length}`);
  const escaped = words
    .sort((a, b) => b.length - a.length)
    .map((one) => one.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  // Alternatives without quantifiers: at each place at most one of them is read to its end.
  const any = new RegExp(`(?<![\\p{L}\\p{N}_])(?:${escaped.join('|')})(?![\\p{L}\\p{N}_])`, 'giu');
  const longest = Math.max(...words.map(({ length }) => length));
  return {
    name,
    on,
    action,
    kinds: [name],
    reach: Math.min(65_536, longest + 1),
    holdFrom: (text) => text.length - longest - 1,
    find: (text) =>
      [...text.matchAll(any)].map(({ 0: { length }, index: start }) => {
        return { kind: name, start, end: start + length, weight: 1 };
      }),
  };
}
