import { accepts, checkOptions } from '@tollgate/core/internal';
import type { Finding, Rule, RuleAction } from '../inspect/rule.js';

/** Options of {@link secrets}. */
export interface SecretsOptions {
  /** @defaultValue 'block' */
  action?: RuleAction;
  /** @defaultValue 'both' */
  on?: Rule['on'];
}

interface Format {
  readonly kind: string;
  /** The prefix of every such secret; searched for first. */
  readonly prefix: string;
  /** Tried at each occurrence of the prefix. */
  readonly pattern: RegExp;
}

/** Keys by the form that those who issue them have published, for secret scanners. Each pattern is anchored and bounded. */
const formats: readonly Format[] = [
  { kind: 'secret.anthropic', prefix: 'sk-ant-', pattern: /sk-ant-[A-Za-z0-9_-]{20,200}/y },
  {
    kind: 'secret.openai',
    prefix: 'sk-',
    pattern: /sk-(?!ant-)(?=[A-Za-z_-]{0,40}\d)(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,200}/y,
  },
  { kind: 'secret.aws', prefix: 'AKIA', pattern: /AKIA[0-9A-Z]{16}(?![0-9A-Za-z])/y },
  { kind: 'secret.aws', prefix: 'ASIA', pattern: /ASIA[0-9A-Z]{16}(?![0-9A-Za-z])/y },
  { kind: 'secret.google', prefix: 'AIza', pattern: /AIza[0-9A-Za-z_-]{35}/y },
  { kind: 'secret.github', prefix: 'gh', pattern: /gh[pousr]_[A-Za-z0-9]{36,255}/y },
  { kind: 'secret.github', prefix: 'github_pat_', pattern: /github_pat_[A-Za-z0-9_]{22,255}/y },
  { kind: 'secret.gitlab', prefix: 'glpat-', pattern: /glpat-[A-Za-z0-9_-]{20,64}/y },
  { kind: 'secret.slack', prefix: 'xox', pattern: /xox[abposr]-[A-Za-z0-9-]{10,250}/y },
  { kind: 'secret.stripe', prefix: 'k_live_', pattern: /k_live_[A-Za-z0-9]{16,250}/y },
  { kind: 'secret.npm', prefix: 'npm_', pattern: /npm_[A-Za-z0-9]{36}/y },
  { kind: 'secret.hugging-face', prefix: 'hf_', pattern: /hf_[A-Za-z0-9]{30,64}/y },
  { kind: 'secret.tollgate', prefix: 'tg_live_', pattern: /tg_live_[A-Za-z0-9_]{20,200}/y },
  {
    kind: 'secret.jwt',
    prefix: 'eyJ',
    pattern: /eyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{16,1024}/y,
  },
  {
    kind: 'secret.private-key',
    prefix: '-----BEGIN ',
    pattern: /-----BEGIN [A-Z ]{0,24}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s:,\\-]{0,16384}/y,
  },
];
const kinds = Object.freeze([...new Set(formats.map(({ kind }) => kind))]);
/** Prefixes that also occur in words: within a word they do not begin a key. */
const commonInWords = new Set(['sk-', 'gh', 'eyJ', 'hf_', 'npm_']);
const inWord = /[A-Za-z0-9]/;

/** A rule for keys and other secrets by their form. Throws a `TypeError` for a wrong option. */
export function secrets(options: SecretsOptions = {}): Rule {
  checkOptions<SecretsOptions>('secrets', options, {
    action: accepts.oneOf('block', 'flag', 'redact'),
    on: accepts.oneOf('input', 'output', 'both'),
  });
  const { action = 'block', on = 'both' } = options;
  return { name: 'secrets', on, action, kinds, holdFrom: lastWord, reach: maxPem, find: secretsIn };
}

/** Secrets in a text, in order. */
function secretsIn(text: string): Finding[] {
  const found: Finding[] = [];
  for (const { kind, prefix, pattern } of formats) {
    let from = 0;
    for (let at = text.indexOf(prefix); at !== -1; at = text.indexOf(prefix, from)) {
      from = at + prefix.length;
      if (at > 0 && commonInWords.has(prefix) && inWord.test(text[at - 1] as string)) continue;
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      if (!match) {
        // The only long pattern: no match can begin inside the characters that it has checked.
        if (prefix === 'eyJ') from = Math.max(from, endOfRun(text, from));
        continue;
      }
      const start = prefix === 'k_live_' ? Math.max(0, at - 1) : at;
      from = at + match[0].length;
      found.push({ kind, start, end: from, weight: 1 });
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** Longest beginning of a key, a JWT and a private key that is waited for. */
const [maxKey, maxJwt, maxPem] = [300, 2_048, 16_384];

/** Where a key at the end may have begun: in the last run of the characters that keys are made of, or with a private key that has not ended. */
function lastWord(text: string): number {
  const pem = text.lastIndexOf('-----BEGIN ');
  if (pem >= Math.max(0, text.length - maxPem) && !text.includes('-----END ', pem)) return pem;
  const most = text.lastIndexOf('eyJ') === -1 ? maxKey : maxJwt;
  const least = Math.max(0, text.length - most);
  let start = text.length;
  while (start > least && /[A-Za-z0-9_.-]/.test(text[start - 1] as string)) start -= 1;
  return start;
}

const runCharacter = /[A-Za-z0-9_-]*/y;

/** Behind the characters that a token may be made of. */
function endOfRun(text: string, from: number): number {
  runCharacter.lastIndex = from;
  return from + (runCharacter.exec(text)?.[0].length ?? 0);
}
