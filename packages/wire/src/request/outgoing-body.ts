import type { JsonObject, JsonValue } from '@tollgate/core/internal';

/**
 * The body to send. Fields that a variant of the call may change are placed last, so that a large body is serialised once, no matter how
 * often its model or cap changes. The body from which it was made is never written to.
 */
export class OutgoingBody {
  readonly #head: string;
  #tail: JsonObject;
  #text: string | undefined;

  /** @param changeable Names at the top of the body that may be set later. */
  constructor(body: JsonObject, changeable: readonly string[]) {
    const head: JsonObject = {};
    const tail: JsonObject = {};
    for (const name of Object.keys(body)) {
      const value = body[name];
      if (value !== undefined) put(changeable.includes(name) ? tail : head, name, value);
    }
    this.#head = JSON.stringify(head);
    this.#tail = tail;
  }

  /** The current value of a changeable field. */
  get(name: string): JsonValue | undefined {
    return this.#tail[name];
  }

  /** Sets a changeable field. */
  set(name: string, value: JsonValue): void {
    this.#tail = { ...this.#tail, [name]: value };
    this.#text = undefined;
  }

  /** The serialised body. */
  toString(): string {
    this.#text ??= joined(this.#head, JSON.stringify(this.#tail));
    return this.#text;
  }
}

function joined(head: string, tail: string): string {
  if (tail === '{}') return head;
  return head === '{}' ? tail : `${head.slice(0, -1)},${tail.slice(1)}`;
}

/** Sets `__proto__` as a field instead of the object's prototype. */
function put(object: JsonObject, name: string, value: JsonValue): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  } else object[name] = value;
}
