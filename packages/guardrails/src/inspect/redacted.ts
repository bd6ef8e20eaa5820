import type { Finding } from './rule.js';

/** A text with its findings replaced. */
export interface Cut {
  readonly start: number;
  readonly end: number;
  /** The replacement: never longer than the text it replaces, so that a body does not cost more than it was priced for. */
  readonly instead: string;
}

/** The cuts, in order and without overlaps. */
export function cutsOf(findings: readonly Finding[]): Cut[] {
  const sorted = [...findings].sort((a, b) => a.start - b.start || b.end - a.end);
  const cuts: Cut[] = [];
  const names = new Map<string, string>();
  for (const { kind, start, end } of sorted) {
    const before = cuts.at(-1);
    if (before && start < before.end) {
      if (end <= before.end) continue;
      cuts[cuts.length - 1] = { ...before, end };
    } else cuts.push({ start, end, instead: placeholder(kind, end - start, names) });
  }
  return cuts;
}

/** The text with its cuts made. */
export function redacted(text: string, cuts: readonly Cut[]): string {
  let result = '';
  let from = 0;
  for (const { start, end, instead } of cuts) {
    result += text.slice(from, start) + instead;
    from = end;
  }
  return result + text.slice(from);
}

function placeholder(kind: string, length: number, names: Map<string, string>): string {
  let name = names.get(kind);
  if (name === undefined) {
    name = `[${kind.slice(kind.lastIndexOf('.') + 1)}]`;
    names.set(kind, name);
  }
  return name.length <= length ? name : '*'.repeat(length);
}
