/** The resources that an app has opened during its assembly, so that none stays open when a later option is wrong. */
export class Opened {
  readonly #ends: (() => unknown)[] = [];

  /** Remembers how something that was opened is closed. */
  add<Thing>(thing: Thing, end: (thing: Thing) => unknown): Thing {
    this.#ends.push(() => end(thing));
    return thing;
  }

  /** Closes everything, the latest first; failures have no effect. */
  abandon(): void {
    for (const end of this.#ends.reverse()) {
      void (async () => end())().catch(() => undefined);
    }
  }
}
