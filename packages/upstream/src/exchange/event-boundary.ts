const nothing = new Uint8Array(0);
/** A longer event is sent in parts, in bytes; it cannot be taken back any more. */
const maxHeldBytes = 64 * 1024;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Lets server-sent events pass as whole events, so that a stream that breaks off can be ended with an event of Tollgate. Changes and parses
 * nothing; the held bytes are bounded.
 */
export class EventBoundary {
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** The last held bytes, where a blank line may have begun. */
  #tail: Uint8Array = nothing;
  #clean = true;

  /** Whether all that has passed so far are whole events. */
  get clean(): boolean {
    return this.#clean;
  }

  /** Takes bytes; returns those that may be sent. */
  push(bytes: Uint8Array): Uint8Array {
    const tail = this.#tail;
    const joint = tail.length === 0 ? bytes : Buffer.concat([tail, bytes]);
    const end = endOfEvents(joint) - tail.length;
    if (end <= 0) return this.#hold(bytes);
    this.#clean = true;
    if (end === bytes.length && this.#heldBytes === 0) return bytes;
    const whole = bytes.subarray(0, end);
    const passed = this.#heldBytes === 0 ? whole : Buffer.concat([this.rest(), whole]);
    this.#hold(bytes.subarray(end));
    return passed;
  }

  /** The held bytes; none are held afterwards. */
  rest(): Uint8Array {
    const [first] = this.#held;
    const all = this.#held.length > 1 ? Buffer.concat(this.#held) : (first ?? nothing);
    this.#held = [];
    this.#heldBytes = 0;
    this.#tail = nothing;
    return all;
  }

  #hold(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return nothing;
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    this.#tail = bytes.length >= 3 ? bytes.subarray(-3) : Buffer.concat([this.#tail, bytes]).subarray(-3);
    if (this.#heldBytes <= maxHeldBytes) return nothing;
    this.#clean = false;
    const tail = this.#tail;
    const part = this.rest();
    this.#tail = tail;
    return part;
  }
}

/** Offset after the last blank line; 0 where there is none. Lines end with LF, CRLF or CR. */
function endOfEvents(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at > 0; at -= 1) {
    const byte = bytes[at];
    if (byte !== lineFeed && byte !== carriageReturn) continue;
    const before = bytes[at - 1];
    if (before === byte) return at + 1;
    const lineBefore = bytes[at - 2];
    if (byte === lineFeed && before === carriageReturn) {
      if (lineBefore === lineFeed || lineBefore === carriageReturn) return at + 1;
    }
  }
  return 0;
}
