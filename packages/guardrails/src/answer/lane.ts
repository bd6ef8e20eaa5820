import { type Cut, cutsOf, redacted } from '../inspect/redacted.js';
import { combinedWeight, type Finding, type Rule } from '../inspect/rule.js';
import type { EventText } from './event-texts.js';

/** A rule's finding in a response. */
export interface AnswerFinding {
  readonly rule: Rule;
  readonly findings: readonly Finding[];
  readonly weight: number;
}

/** Longest end of a text that is held back, in UTF-16 units. */
const maxHeld = 32_768;
/** UTF-16 units held back for a rule that does not state where its findings may begin. */
const defaultHeld = 128;

interface Piece {
  readonly of: EventText;
  readonly start: number;
  readonly end: number;
  readonly done: () => void;
}

/**
 * One text of a stream, which arrives in pieces. A piece is released once nothing that begins in it can still become a finding; a finding
 * over several pieces is replaced in the first and cut from the others.
 */
export class Lane {
  /** Text received and not yet released. */
  #text = '';
  #pieces: Piece[] = [];
  /** Up to where findings were reported already. */
  #reported = 0;

  constructor(
    private readonly rules: readonly Rule[],
    private readonly found: (finding: AnswerFinding) => void,
  ) {}

  /** Takes a piece; `done` is called once it has its final text. */
  push(of: EventText, done: () => void): void {
    const start = this.#text.length;
    this.#text += of.text;
    this.#pieces.push({ of, start, end: this.#text.length, done });
    this.#settle(false);
  }

  /** Nothing follows. */
  end(): void {
    this.#settle(true);
  }

  #settle(last: boolean): void {
    const text = this.#text;
    if (text === '') return;
    let safe = last ? text.length : this.#safeEnd(text);
    const cut: Finding[] = [];
    for (const rule of this.rules) {
      const findings = rule.find(text, { path: '', role: undefined });
      for (const { start, end } of findings) {
        // It may still grow, and is released only as a whole.
        if (!last && end >= text.length) safe = Math.min(safe, start);
        else if (start < safe && end > safe) safe = start;
      }
      const whole = findings.filter(({ end }) => last || end < text.length);
      const weight = combinedWeight(whole);
      if (whole.length === 0 || weight < (rule.threshold ?? 0)) continue;
      const fresh = whole.filter(({ end }) => end > this.#reported);
      if (fresh.length > 0) this.found({ rule, findings: fresh, weight });
      this.#reported = Math.max(this.#reported, ...whole.map(({ end }) => end));
      if (rule.action === 'redact') cut.push(...whole);
    }
    this.#release(safe, cutsOf(cut));
  }

  #safeEnd(text: string): number {
    const from = this.rules.map((rule) => rule.holdFrom?.(text) ?? text.length - defaultHeld);
    return Math.max(0, text.length - maxHeld, Math.min(text.length, ...from));
  }

  /** Lets the pieces go whose text ends at or before `safe`; those that share a finding go together. */
  #release(safe: number, cuts: readonly Cut[]): void {
    const released = this.#boundary(safe, cuts);
    const going = this.#pieces.filter(({ end }) => end <= released);
    if (going.length === 0) return;
    for (const { of, start, end, done } of going) {
      const within = cuts.filter((cut) => cut.start < end && cut.end > start);
      const parts = within.map((cut) => partOf(cut, start, end));
      if (parts.length > 0) of.replace(redacted(of.text, parts));
      done();
    }
    this.#pieces = this.#pieces
      .slice(going.length)
      .map((piece) => ({ ...piece, start: piece.start - released, end: piece.end - released }));
    this.#text = this.#text.slice(released);
    this.#reported = Math.max(0, this.#reported - released);
  }

  /** The last end of a piece at or before `safe` that is not inside a cut. */
  #boundary(safe: number, cuts: readonly Cut[]): number {
    let boundary = 0;
    for (const { end } of this.#pieces) {
      if (end > safe) break;
      if (!cuts.some((cut) => cut.start < end && cut.end > end)) boundary = end;
    }
    return boundary;
  }
}

/** The part of a cut within one piece, in its offsets: the placeholder is placed where the cut begins. */
function partOf(cut: Cut, start: number, end: number): Cut {
  return {
    start: Math.max(cut.start, start) - start,
    end: Math.min(cut.end, end) - start,
    instead: cut.start >= start ? cut.instead : '',
  };
}
