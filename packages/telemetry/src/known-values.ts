/** The label of values beyond the bound. */
const otherValue = 'other';

/** Distinguishes a bounded number of values: the first ones by name, all later ones together. */
export class KnownValues {
  readonly #known = new Set<string>();

  constructor(private readonly most: number) {}

  /** The value as a label: itself, `other` beyond the bound, `''` where there is none. `learn: false`: one that is new stays `other`. */
  label(value: unknown, { learn = true } = {}): string {
    if (value === undefined || value === null) return '';
    const text = String(value);
    if (this.#known.has(text)) return text;
    if (!learn || this.#known.size >= this.most) return otherValue;
    this.#known.add(text);
    return text;
  }
}
