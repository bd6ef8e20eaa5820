import { accepts, checkOptions } from '@tollgate/core/internal';
import type { Finding, Rule, RuleAction } from '../inspect/rule.js';
import { ibanLengthOf, passesIban, passesLuhn } from './checksums.js';

/** Kinds of personal data that are recognised. */
export type PersonalDataKind = 'email' | 'card' | 'iban' | 'phone' | 'us-ssn';

/** Options of {@link personalData}. */
export interface PersonalDataOptions {
  /** @defaultValue 'redact' */
  action?: RuleAction;
  /** @defaultValue 'both' */
  on?: Rule['on'];
  /** The kinds to search for, at least one. @defaultValue e-mail addresses, cards, IBANs */
  kinds?: readonly PersonalDataKind[];
}

const finders: Readonly<Record<PersonalDataKind, (text: string) => Finding[]>> = {
  email: emails,
  card: cards,
  iban: ibans,
  phone: phones,
  'us-ssn': socialSecurityNumbers,
};
const kindNames = Object.keys(finders);

/**
 * A rule for personal data by its form: e-mail addresses, payment cards (with their check digit), IBANs (likewise), international phone
 * numbers, US social security numbers. Throws a `TypeError` for a wrong option.
 */
export function personalData(options: PersonalDataOptions = {}): Rule {
  checkOptions<PersonalDataOptions>('personalData', options, {
    action: accepts.oneOf('block', 'flag', 'redact'),
    on: accepts.oneOf('input', 'output', 'both'),
    kinds: accepts.someOf(accepts.oneOf(...kindNames)),
  });
  const { action = 'redact', on = 'both', kinds = ['email', 'card', 'iban'] } = options;
  return {
    name: 'pii',
    on,
    action,
    kinds: kinds.map((kind) => `pii.${kind}`),
    holdFrom: lastRun,
    reach: 512,
    find: (text) => kinds.flatMap((kind) => finders[kind](text)),
  };
}

/** Where an address or a number at the end may have begun: the last run of the characters of either; at most 128 before the end. */
function lastRun(text: string): number {
  const least = Math.max(0, text.length - 128);
  let start = text.length;
  while (start > least && /[A-Za-z0-9@._%+'-]/.test(text[start - 1] as string)) start -= 1;
  while (start > least && /[\d \-.+()]/.test(text[start - 1] as string)) start -= 1;
  return Math.min(start, openIban(text));
}

/** Where an IBAN at the end has begun that is not complete: its groups are words, and may hold letters. */
function openIban(text: string): number {
  const from = Math.max(0, text.length - longestIban);
  for (const { 0: head, index } of text.slice(from).matchAll(ibanStart)) {
    const start = from + index;
    if (start > 0 && /[A-Za-z0-9]/.test(text[start - 1] as string)) continue;
    const length = ibanLengthOf(head.slice(0, 2).toUpperCase());
    const rest = text.slice(start);
    if (length === undefined || !/^[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*[ -]?$/.test(rest)) continue;
    if (rest.replace(/[ -]/g, '').length <= length) return start;
  }
  return text.length;
}

const localPart = /[A-Za-z0-9._%+'-]/;
const domain = /[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9-]{1,63}){1,5}/y;

/** Around each `@`: at most 64 characters before it (RFC 5321, 4.5.3.1), and a domain with a dot behind it. */
function emails(text: string): Finding[] {
  const found: Finding[] = [];
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    let start = at;
    while (start > 0 && at - start < 64 && localPart.test(text[start - 1] as string)) start -= 1;
    while (start < at && /[.'%+-]/.test(text[start] as string)) start += 1;
    domain.lastIndex = at + 1;
    const match = start === at ? null : domain.exec(text);
    if (!match || !/\.[A-Za-z][A-Za-z0-9-]*$/.test(match[0])) continue;
    found.push({ kind: 'pii.email', start, end: at + 1 + match[0].replace(/-+$/, '').length, weight: 1 });
  }
  return found;
}

/** Issuers' first digits and the lengths of their numbers (ISO/IEC 7812; Visa, Mastercard, Amex, Discover, Diners, JCB, UnionPay, Maestro). */
const issuers: readonly [first: RegExp, lengths: readonly number[]][] = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|2(?:2[2-9]|[3-6]|7[01]|720))/, [16]],
  [/^3[47]/, [15]],
  [/^3(?:0[0-5]|[689])/, [14, 16]],
  [/^(?:6011|64[4-9]|65)/, [16, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^62/, [16, 17, 18, 19]],
  [/^(?:50|5[6-9]|6[0-9])/, [16, 18, 19]],
];

/** Digits in groups; people and editors write spaces of several kinds, hyphens and dashes between them. */
const digitRun = /\d+(?:[ \-.\u00a0\u2009\u202f\u2010-\u2013]\d+)*/g;

/** Numbers of payment cards: in one piece, or in groups; groups that follow each other may belong to two cards. */
function cards(text: string): Finding[] {
  const found: Finding[] = [];
  for (const run of text.matchAll(digitRun)) {
    const groups = [...run[0].matchAll(/\d+/g)].map(({ 0: digits, index }) => ({
      digits,
      start: run.index + index,
    }));
    for (let from = 0; from < groups.length; from += 1) {
      const card = cardFrom(groups, from);
      if (!card) continue;
      found.push(card.finding);
      from = card.last;
    }
  }
  return found;
}

interface Group {
  readonly digits: string;
  readonly start: number;
}

function cardFrom(groups: readonly Group[], from: number): { finding: Finding; last: number } | undefined {
  const { start } = groups[from] as Group;
  let digits = '';
  for (let last = from; last < groups.length && digits.length < 19; last += 1) {
    const group = groups[last] as Group;
    // Cards are grouped by four to six; single digits in a row are no card, and would take long.
    if (last > from && (group.digits.length < 3 || group.digits.length > 6)) return undefined;
    digits += group.digits;
    if (isCard(digits)) {
      return {
        finding: { kind: 'pii.card', start, end: group.start + group.digits.length, weight: 1 },
        last,
      };
    }
  }
  return undefined;
}

function isCard(digits: string): boolean {
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1+$/.test(digits)) return false;
  return (
    issuers.some(([first, lengths]) => lengths.includes(digits.length) && first.test(digits)) &&
    passesLuhn(digits)
  );
}

/** 34 characters in groups of four (ISO 13616), with a separator behind the last. */
const longestIban = 43;
const ibanStart = /[A-Za-z]{2}\d{2}/g;

/** IBANs, in one piece or in groups of four. */
function ibans(text: string): Finding[] {
  const found: Finding[] = [];
  for (const { 0: head, index: start } of text.matchAll(ibanStart)) {
    if (start > 0 && /[A-Za-z0-9]/.test(text[start - 1] as string)) continue;
    const length = ibanLengthOf(head.slice(0, 2).toUpperCase());
    if (length === undefined) continue;
    const end = behindCharacters(text, start, length);
    if (end === undefined || /[A-Za-z0-9]/.test(text[end] ?? '')) continue;
    const iban = text.slice(start, end).replace(/[ -]/g, '').toUpperCase();
    if (passesIban(iban)) found.push({ kind: 'pii.iban', start, end, weight: 1 });
  }
  return found;
}

/** The end of this many letters and digits, with single spaces or hyphens between them. */
function behindCharacters(text: string, start: number, count: number): number | undefined {
  let at = start;
  for (let left = count; left > 0; at += 1) {
    const one = text[at] ?? '';
    if (/[A-Za-z0-9]/.test(one)) left -= 1;
    else if (!/[ -]/.test(one) || /[ -]/.test(text[at - 1] ?? '')) return undefined;
  }
  return at;
}

const phone = /\+[1-9](?:[ ().-]{0,2}\d){7,14}(?!\d)/g;

/** International numbers as people write them: `+`, country code, 8 to 15 digits (ITU-T E.164). */
function phones(text: string): Finding[] {
  return [...text.matchAll(phone)].map(({ 0: match, index: start }) => {
    return { kind: 'pii.phone', start, end: start + match.length, weight: 0.9 };
  });
}

const ssn = /(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/g;

/** US social security numbers with hyphens, in the ranges that are given out (SSA, "The SSN numbering scheme"). */
function socialSecurityNumbers(text: string): Finding[] {
  return [...text.matchAll(ssn)].map(({ index: start }) => {
    return { kind: 'pii.us-ssn', start, end: start + 11, weight: 0.9 };
  });
}
