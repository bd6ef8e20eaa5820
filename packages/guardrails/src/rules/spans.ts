import { normalised } from './normalised-text.js';

/** A part of a text; offsets are UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Length of the pieces of which the position is known where normalising has moved characters, in UTF-16 units. */
const pieceLength = 64;

/**
 * Where something in a normalised text stands in the original one: exactly, where normalising has not changed the length; otherwise to a
 * piece of 64 characters; the whole text for what was decoded or undone.
 */
export function spansIn(raw: string, text: string): (start: number, end: number) => Span {
  if (text.length === raw.length) return (start, end) => ({ start, end });
  const starts = [0];
  let length = 0;
  for (let from = 0; from < raw.length; from += pieceLength) {
    length += normalised(raw.slice(from, from + pieceLength)).text.length;
    starts.push(length);
  }
  const whole = { start: 0, end: raw.length };
  // Other text than this one: it was hidden in it.
  if (Math.abs(length - text.length) > length / 8 + pieceLength) return () => whole;
  return (start, end) => {
    const first = pieceAt(starts, start);
    const last = pieceAt(starts, end);
    return { start: first * pieceLength, end: Math.min((last + 1) * pieceLength, raw.length) };
  };
}

function pieceAt(starts: readonly number[], place: number): number {
  const next = starts.findIndex((start) => start > place);
  return next === -1 ? Math.max(0, starts.length - 2) : Math.max(0, next - 1);
}
