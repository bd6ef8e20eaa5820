import type { JsonObject, JsonValue } from '@tollgate/core/internal';
import { notTranslatableError, notValidError } from './not-translatable.js';

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The fields of one object of a client's request. Each is taken by name; {@link refuseRest} refuses those that were not taken, so that no
 * field is dropped silently. `null` is read as absent.
 */
export class Fields {
  readonly #left: Set<string>;

  /** `path`: the object's position in the body, for the `param` of a refusal; empty at the top. */
  constructor(
    private readonly object: JsonObject,
    readonly path = '',
  ) {
    this.#left = new Set(Object.keys(object));
  }

  static of(value: JsonValue | undefined, path: string): Fields {
    if (!isObject(value)) throw notValidError(path, 'an object', value);
    return new Fields(value, path);
  }

  /** The name of a field as a refusal states it. */
  param(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  take(name: string): JsonValue | undefined {
    this.#left.delete(name);
    return Object.hasOwn(this.object, name) ? (this.object[name] ?? undefined) : undefined;
  }

  text(name: string): string | undefined {
    const value = this.take(name);
    if (value === undefined || typeof value === 'string') return value;
    throw notValidError(this.param(name), 'a string', value);
  }

  /** A text that has to be there. */
  word(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw notValidError(this.param(name), 'a string', undefined);
    return value;
  }

  number(name: string): number | undefined {
    const value = this.take(name);
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
    throw notValidError(this.param(name), 'a number', value);
  }

  /** A whole number of at least `least`. */
  count(name: string, least: number): number | undefined {
    const value = this.number(name);
    if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return value;
    throw notValidError(this.param(name), `a whole number of at least ${least}`, value);
  }

  flag(name: string): boolean | undefined {
    const value = this.take(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw notValidError(this.param(name), 'true or false', value);
  }

  list(name: string): readonly JsonValue[] | undefined {
    const value = this.take(name);
    if (value === undefined || Array.isArray(value)) return value;
    throw notValidError(this.param(name), 'an array', value);
  }

  /** The objects of a list, each with its place. */
  each(name: string): readonly Fields[] {
    return (this.list(name) ?? []).map((one, index) => Fields.of(one, `${this.param(name)}[${index}]`));
  }

  /** JSON of the client's own making, such as a schema. */
  json(name: string): JsonObject | undefined {
    const value = this.take(name);
    if (value === undefined || isObject(value)) return value;
    throw notValidError(this.param(name), 'an object', value);
  }

  fields(name: string): Fields | undefined {
    const value = this.take(name);
    return value === undefined ? undefined : Fields.of(value, this.param(name));
  }

  /** A field that may only have the value that applies anyway. */
  only(name: string, allowed: readonly JsonValue[], why: string): void {
    const value = this.take(name);
    if (value === undefined || allowed.includes(value)) return;
    throw notTranslatableError(this.param(name), why);
  }

  /** Refuses the first field that was not taken and holds something. */
  refuseRest(why = 'it cannot be translated for the provider that answers'): void {
    for (const name of this.#left) {
      if (this.object[name] !== null) throw notTranslatableError(this.param(name), why);
    }
  }
}
