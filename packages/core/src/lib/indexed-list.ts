/** The place of a member in its {@link IndexedList}. */
export interface IndexedEntry<Member> {
  readonly member: Member;
  /** @internal */
  index: number;
}

/**
 * The live members of a set that changes with every request. A `Set` would burden the garbage collector: each time it has grown or shrunk,
 * the old table still references its entries and the next table, so that requests that ended long ago are kept until the next full
 * collection.
 */
export class IndexedList<Member> {
  readonly #places: IndexedEntry<Member>[] = [];

  get size(): number {
    return this.#places.length;
  }

  add(member: Member): IndexedEntry<Member> {
    const place = { member, index: this.#places.length };
    this.#places.push(place);
    return place;
  }

  /** Takes a member out; nothing for one that is out already. */
  remove(place: IndexedEntry<Member>): void {
    const { index } = place;
    if (index < 0) return;
    place.index = -1;
    const last = this.#places.pop() as IndexedEntry<Member>;
    if (last === place) return;
    last.index = index;
    this.#places[index] = last;
  }

  /** The members of this moment, in no order. */
  members(): Member[] {
    return this.#places.map(({ member }) => member);
  }

  /** Takes all members out and returns them. */
  clear(): Member[] {
    const members = this.members();
    for (const place of this.#places) place.index = -1;
    this.#places.length = 0;
    return members;
  }
}
