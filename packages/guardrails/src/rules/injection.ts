import { accepts, checkOptions } from '@tollgate/core/internal';
import type { Finding, Rule, TextPlace } from '../inspect/rule.js';
import { encodedTexts, reversed, rotated } from './encoded-text.js';
import { injectionPhrases } from './injection-phrases.js';
import { words } from './injection-words.js';
import { withoutMentions } from './mentions.js';
import { type NormalisedText, normalised, withoutLeet, withoutPadding } from './normalised-text.js';
import { type PhraseMatch, PhraseMatcher } from './phrase-matcher.js';
import { roleMarkers } from './role-markers.js';
import { spansIn } from './spans.js';
import { tokensOf } from './tokens.js';
import { weighed } from './weighed.js';

/** Options of {@link injection}. */
export interface InjectionOptions {
  /** @defaultValue 'block' */
  action?: 'block' | 'flag';
  /** From which combined weight on a text counts, above 0 and at most 1. Lower finds more, and more that is harmless. @defaultValue 0.5 */
  threshold?: number;
  /**
   * Roles whose texts are trusted: an app's own system prompt may contain "ignore". A client of a pass-through route sets the roles itself:
   * use `[]` there. Of `system`, `developer`, `user`, `assistant`, `model`, `tool`, `function`. @defaultValue ['system', 'developer']
   */
  trustedRoles?: readonly string[];
}

/** Roles of messages in the providers' formats. */
const roles = ['system', 'developer', 'user', 'assistant', 'model', 'tool', 'function'];
const kinds = Object.freeze([
  ...new Set([
    ...injectionPhrases.map(({ kind }) => kind),
    'injection.role',
    'injection.hidden',
    'injection.invisible',
  ]),
]);
const matcher = new PhraseMatcher(injectionPhrases);
/** Extra weight of an instruction that was hidden, compared with the same in plain text. */
const hiddenBonus = 0.3;
/** A weaker signal counts only together with another one within `reach`. */
const strong = 0.5;
const near = 200;
/** Length of a phrase with its surroundings, also when split or encoded, in UTF-16 units. */
const reach = 2_048;
/** A text with this many invisible characters, and at least this share of them, was not copied by accident. */
const manyInvisible = 8;

/** Words that such prompts hold, the other way round: only texts with one of them are undone and read again. */
const ciphers = [rotated, reversed].map((undo) => {
  const plain = [...words.ignore, ...words.reveal, ...words.instructions].filter((word) =>
    /^[a-z]{5,}$/.test(word),
  );
  return { undo, sign: new RegExp(plain.map(undo).join('|')) };
});

/**
 * A rule for signals of prompt injection: instructions set aside, roles in content, requests for system prompts, known patterns of
 * jailbreaks, also hidden by look-alikes, spacing, invisible characters, base64, hex, rot13 or reversal. Signals, not proof: its rates are
 * in the README. Throws a `TypeError` for a wrong option.
 */
export function injection(options: InjectionOptions = {}): Rule {
  checkOptions<InjectionOptions>('injection', options, {
    action: accepts.oneOf('block', 'flag'),
    threshold: accepts.share,
    trustedRoles: accepts.arrayOf(accepts.oneOf(...roles)),
  });
  const { action = 'block', threshold = 0.5, trustedRoles = ['system', 'developer'] } = options;
  return {
    name: 'injection',
    on: 'input',
    action,
    threshold,
    kinds,
    reach,
    find: (text: string, { role }: TextPlace) =>
      role !== undefined && trustedRoles.includes(role) ? [] : injectionSignals(text),
  };
}

/** The signals in one text. Of attacks that it only quotes, the strongest counts, and half. */
function injectionSignals(raw: string): Finding[] {
  const said = withoutMentions(raw);
  const found = signalsIn(said);
  if (said === raw || found.length > 0) return weighed(found, raw.length);
  const [strongest] = signalsIn(raw).sort((a, b) => b.weight - a.weight);
  return strongest ? weighed([{ ...strongest, weight: strongest.weight / 2 }], raw.length) : [];
}

/** Signals in plain text and in hidden text. */
function signalsIn(raw: string): Finding[] {
  const seen = normalised(raw);
  const found = [...openSignals(raw, seen), ...invisibleSignals(raw, seen), ...ciphered(seen.text, raw)];
  // Text hidden in several places is read as one: each of its parts alone may be harmless.
  const hidden = [seen.hidden, encodedTexts(raw).join('\n')].filter((text) => text !== '');
  for (const text of hidden) {
    const inner = normalised(text);
    found.push(...behind([...openSignals(text, inner), ...ciphered(inner.text, raw)], raw));
  }
  return found;
}

function ciphered(text: string, raw: string): Finding[] {
  return [...new Set([text, withoutLeet(text)])].flatMap((one) =>
    ciphers.flatMap(({ sign, undo }) => (sign.test(one) ? behind(phrases(undo(one), raw), raw) : [])),
  );
}

function openSignals(raw: string, { text }: NormalisedText): Finding[] {
  const found = [...phrases(text, raw), ...roleMarkers(raw)];
  const plain = withoutLeet(text);
  const others = new Set([plain, withoutPadding(text)]);
  if (plain !== text) others.add(withoutPadding(plain));
  others.delete(text);
  for (const other of others) {
    const more = phrases(other, raw).filter(({ kind }) => !found.some((one) => one.kind === kind));
    found.push(...behind(more, raw));
  }
  return found;
}

/** Weak signals count only beside another: two that are far from each other in a long text occur by chance. */
function phrases(text: string, raw: string): Finding[] {
  const matches = apart(matcher.find(tokensOf(text)));
  const kept = matches.filter(
    (one) =>
      one.phrase.weight >= strong ||
      matches.some((other) => other !== one && other.start < one.end + near && one.start < other.end + near),
  );
  if (kept.length === 0) return [];
  const spanOf = spansIn(raw, text);
  return kept.map(({ phrase: { kind, weight }, start, end }) => ({ kind, weight, ...spanOf(start, end) }));
}

/** Of overlapping phrases only the strongest: the same words are one signal. */
function apart(matches: readonly PhraseMatch[]): PhraseMatch[] {
  const kept: PhraseMatch[] = [];
  for (const one of [...matches].sort((a, b) => b.phrase.weight - a.phrase.weight)) {
    const within = (other: PhraseMatch): boolean =>
      (one.start >= other.start && one.end <= other.end) ||
      (one.start <= other.start && one.end >= other.end);
    if (!kept.some(within)) kept.push(one);
  }
  return kept;
}

function behind(found: readonly Finding[], raw: string): Finding[] {
  const { length: end } = raw;
  return found.length === 0
    ? []
    : [...found, { kind: 'injection.hidden', weight: hiddenBonus, start: 0, end }];
}

function invisibleSignals(raw: string, { invisible, hidden }: NormalisedText): Finding[] {
  const signs: Finding[] = [];
  const { length: end } = raw;
  if (hidden.trim().length >= 4) signs.push({ kind: 'injection.invisible', weight: 0.7, start: 0, end });
  else if (invisible >= manyInvisible && invisible * 10 >= end) {
    signs.push({ kind: 'injection.invisible', weight: 0.5, start: 0, end });
  }
  return signs;
}
