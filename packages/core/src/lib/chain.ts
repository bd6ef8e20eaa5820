/** A member's place in a {@link Chain}. */
export class Link<Value> {
  /** @internal */
  chain: Chain<Value> | undefined;
  /** @internal */
  before: Link<Value> | undefined;
  /** @internal */
  after: Link<Value> | undefined;

  constructor(readonly value: Value) {}
}

/** Values in a line that can be removed from the middle: every operation takes constant time. */
export class Chain<Value> {
  #first: Link<Value> | undefined;
  #last: Link<Value> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Value | undefined {
    return this.#first?.value;
  }

  get last(): Value | undefined {
    return this.#last?.value;
  }

  /** All values, from the first on. */
  *[Symbol.iterator](): Generator<Value> {
    for (let link = this.#first; link; link = link.after) yield link.value;
  }

  /** Adds a link at the end. It must not be in a chain. */
  push(link: Link<Value>): void {
    link.chain = this;
    link.before = this.#last;
    if (this.#last) this.#last.after = link;
    else this.#first = link;
    this.#last = link;
    this.#size += 1;
  }

  /** Adds a link at the beginning. It must not be in a chain. */
  unshift(link: Link<Value>): void {
    link.chain = this;
    link.after = this.#first;
    if (this.#first) this.#first.before = link;
    else this.#last = link;
    this.#first = link;
    this.#size += 1;
  }

  /** Removes a link; does nothing for a link of another chain. */
  remove(link: Link<Value>): void {
    if (link.chain !== this) return;
    const { before, after } = link;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
    link.chain = undefined;
    link.before = undefined;
    link.after = undefined;
    this.#size -= 1;
  }
}
