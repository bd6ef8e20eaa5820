/** An event of which only one text changes: the rest is serialised once. */
export class TextTemplate {
  readonly #before: string;
  readonly #after: string;

  /** `event`: with `field` as an empty string, once. A text of JSON cannot contain that, since its quotes are escaped. */
  constructor(event: string, field: string) {
    const hole = `"${field}":""`;
    const at = event.indexOf(hole) + hole.length - 2;
    this.#before = event.slice(0, at);
    this.#after = event.slice(at + 2);
  }

  with(text: string): string {
    return this.#before + JSON.stringify(text) + this.#after;
  }
}
