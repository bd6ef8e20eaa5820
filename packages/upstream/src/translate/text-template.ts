/** An event of which only one text changes: what stands around it is written once. */
export class TextTemplate {
  readonly #before: string;
  readonly #after: string;

  /** @param event With `field` as an empty string, once. Within a text of JSON that could not stand, since quotes are escaped there. */
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
