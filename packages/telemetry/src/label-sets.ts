import { KnownValues } from './known-values.js';

/** Facts by label; a value beyond the bound of its label becomes `other`. */
export type Labels = Readonly<Record<string, unknown>>;

type Tree<Counted> = Map<unknown, Tree<Counted> | Counted>;

/** What is counted for each set of labels, with a bounded number of values for each label. */
export class LabelSets<Counted extends object> {
  readonly #names: readonly string[];
  readonly #values: readonly KnownValues[];
  readonly #all = new Map<string, readonly [labels: Record<string, string>, counted: Counted]>();
  /** By the labels as they come, one level for each: several times as fast as a text of all of them. */
  #asGiven: Tree<Counted> = new Map();

  constructor(
    names: readonly string[],
    most: number,
    private readonly fresh: () => Counted,
  ) {
    this.#names = names;
    this.#values = names.map(() => new KnownValues(most));
  }

  of(given: Labels): Counted {
    let found: Tree<Counted> | Counted | undefined = this.#asGiven;
    for (const name of this.#names) {
      found = (found as Tree<Counted>).get(given[name]);
      if (found === undefined) return this.#find(given);
    }
    return this.#names.length > 0 ? (found as Counted) : this.#find(given);
  }

  all(): readonly (readonly [labels: Record<string, string>, counted: Counted])[] {
    return [...this.#all.values()];
  }

  clear(): void {
    this.#all.clear();
    this.#asGiven = new Map();
  }

  #find(given: Labels): Counted {
    const labels: Record<string, string> = {};
    for (const [index, name] of this.#names.entries()) {
      labels[name] = (this.#values[index] as KnownValues).label(given[name]);
    }
    const key = JSON.stringify(Object.values(labels));
    const [, counted] = this.#all.get(key) ?? [labels, this.fresh()];
    this.#all.set(key, [labels, counted]);
    if (this.#names.every((name) => isKnown(given[name], labels[name]))) this.#remember(given, counted);
    return counted;
  }

  #remember(given: Labels, counted: Counted): void {
    const inner = this.#names.slice(0, -1);
    const last = this.#names.at(-1);
    if (last === undefined) return;
    let at = this.#asGiven;
    for (const name of inner) {
      const next = (at.get(given[name]) as Tree<Counted> | undefined) ?? new Map();
      at.set(given[name], next);
      at = next;
    }
    at.set(given[last], counted);
  }
}

/** Of values beyond a bound there may be any number, and of objects with the same text. */
const isKnown = (value: unknown, label: string | undefined): boolean =>
  typeof value !== 'object' && label === String(value ?? '');
