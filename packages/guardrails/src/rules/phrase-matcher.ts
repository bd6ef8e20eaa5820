/** One word of a phrase: any of these, in lower case; `ignor*` matches all words with that beginning. */
export type Words = readonly string[];

/** Words that follow each other with at most `gap` other words between two of them. */
export interface Phrase {
  readonly kind: string;
  readonly weight: number;
  readonly gap: number;
  readonly steps: readonly Words[];
}

/** A word of a text and its position. */
export interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface PhraseMatch {
  readonly phrase: Phrase;
  readonly start: number;
  readonly end: number;
}

interface Step {
  readonly phrase: number;
  readonly step: number;
}

interface Prefix {
  readonly text: string;
  readonly steps: Step[];
}

/** How many characters of a prefix it is looked up by; the least it may have. */
const lookedUpBy = 2;

/** The first {@link lookedUpBy} characters as a number, which is looked up faster than a text. */
const beginningOf = (word: string): number => word.charCodeAt(0) * 65_536 + word.charCodeAt(1);

const noSteps: readonly Step[] = [];

/**
 * Finds phrases in words. One pass over the words: each looks up the phrases it may belong to, and moves those forward whose earlier words
 * stood near enough; nothing is ever tried twice.
 */
export class PhraseMatcher {
  readonly #exact = new Map<string, Step[]>();
  readonly #prefixes = new Map<number, Prefix[]>();

  constructor(private readonly phrases: readonly Phrase[]) {
    for (const [phrase, { steps }] of phrases.entries()) {
      for (const [step, words] of steps.entries()) {
        for (const word of new Set(words)) this.#stepsFor(word).push({ phrase, step });
      }
    }
    // The last steps first, so that one word does not take two steps of a phrase.
    const lastFirst = (steps: Step[]): Step[] => steps.sort((a, b) => b.step - a.step);
    for (const steps of this.#exact.values()) lastFirst(steps);
    for (const prefixes of this.#prefixes.values()) for (const { steps } of prefixes) lastFirst(steps);
  }

  /** Each phrase once: where it was found first. */
  find(tokens: readonly Token[]): PhraseMatch[] {
    const found = new Map<number, PhraseMatch>();
    /** By phrase and step: the index of the last word with which the phrase stood that far, and where it began. */
    const reached = new Map<number, { at: number; start: number }[]>();
    for (let at = 0; at < tokens.length; at += 1) {
      const { text, start, end } = tokens[at] as Token;
      for (const { phrase, step } of this.#stepsOf(text)) {
        if (found.has(phrase)) continue;
        const { steps, gap } = this.phrases[phrase] as Phrase;
        const places = reached.get(phrase) ?? [];
        const before = step === 0 ? { at: at - 1, start } : places[step - 1];
        if (!before || before.at >= at || at - before.at > gap + 1) continue;
        if (step === steps.length - 1) {
          found.set(phrase, { phrase: this.phrases[phrase] as Phrase, start: before.start, end });
        } else {
          places[step] = { at, start: before.start };
          reached.set(phrase, places);
        }
      }
    }
    return [...found.values()];
  }

  #stepsFor(word: string): Step[] {
    if (!word.endsWith('*')) {
      const steps = this.#exact.get(word) ?? [];
      this.#exact.set(word, steps);
      return steps;
    }
    const text = word.slice(0, -1);
    if (text.length < lookedUpBy)
      throw new RangeError(`the prefix ${word} must have ${lookedUpBy} characters`);
    const beginning = beginningOf(text);
    const prefixes = this.#prefixes.get(beginning) ?? [];
    this.#prefixes.set(beginning, prefixes);
    const known = prefixes.find((prefix) => prefix.text === text);
    if (known) return known.steps;
    const steps: Step[] = [];
    prefixes.push({ text, steps });
    return steps;
  }

  #stepsOf(word: string): readonly Step[] {
    let all: readonly Step[] = this.#exact.get(word) ?? noSteps;
    const prefixes = this.#prefixes.get(beginningOf(word));
    if (!prefixes) return all;
    for (const { text, steps } of prefixes) {
      if (word.startsWith(text))
        all = all.length === 0 ? steps : [...all, ...steps].sort((a, b) => b.step - a.step);
    }
    return all;
  }
}
