import type { Phrase, Words } from './phrase-matcher.js';

/** Words as they are easiest to read: one text, with spaces or line ends between them. */
export const list = (text: string): Words => text.trim().split(/\s+/);

/** Creates phrases of one kind: weight, how many other words may come between two steps, and the steps. */
export const phrasesOf =
  (kind: string) =>
  (weight: number, gap: number, ...steps: readonly Words[]): Phrase => ({ kind, weight, gap, steps });
