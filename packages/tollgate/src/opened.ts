/** What an app has opened while it is put together, so that nothing stays open where a later option is wrong. */
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
