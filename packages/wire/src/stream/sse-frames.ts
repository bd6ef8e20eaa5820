const lf = 0x0a;
const cr = 0x0d;
const none: Buffer = Buffer.alloc(0);

/** The handling of each frame: an event with its blank line. */
export interface FrameReader {
  /** `text`: the same bytes as Latin-1. Returns the bytes to send in its place (empty: it is dropped), or `undefined`: it is sent unchanged. */
  frame(bytes: Buffer, text: string): Buffer | undefined;
  /** A frame was larger than the bound: it is sent unread. `tail` are its last bytes. */
  oversized(tail: Buffer): void;
}

/** Most bytes of one frame that are held while its end is awaited. */
const maxFrameBytes = 4 * 1024 * 1024;
const tailBytes = 16 * 1024;

/**
 * Cuts server-sent events into frames, with any line ends and any division into chunks. Only whole frames are sent, so that a stream can be
 * ended between two events; a frame larger than the bound flows through unread.
 */
export class SseFrames {
  #held: Buffer[] = [];
  #heldBytes = 0;
  #lineIsEmpty = true;
  /** The last byte was a CR that ended a line: an LF now belongs to it. */
  #afterCr = false;
  #dropped = false;
  #passing = false;
  #tail = none;

  /** Without a reader, the frames are only cut. */
  constructor(
    private readonly reader: FrameReader | undefined,
    private readonly maxBytes = maxFrameBytes,
  ) {}

  /** Whether the bytes sent so far end between two events. */
  get between(): boolean {
    return !this.#passing;
  }

  /** Takes a chunk; returns the bytes to send now. */
  push(chunk: Buffer): Buffer {
    const size = chunk.length;
    const isBetween = this.#heldBytes === 0 && this.#lineIsEmpty && !this.#passing && !this.#afterCr;
    // These are whole already, as they are from another of these cutters.
    if (!this.reader && isBetween && endsWithBlankLine(chunk)) return chunk;
    // Searching a string costs a fraction of searching bytes.
    const text = chunk.toString('latin1');
    const out: Buffer[] = [];
    let changed = this.#heldBytes > 0;
    let start = 0;
    let at = 0;
    let nextLf = -2;
    let nextCr = -2;
    if (this.#afterCr && size > 0) {
      this.#afterCr = false;
      if (chunk[0] === lf) {
        at = 1;
        if (this.#heldBytes === 0 && this.#lineIsEmpty && !this.#passing) {
          start = 1;
          if (this.#dropped) changed = true;
          else out.push(chunk.subarray(0, 1));
        }
      }
    }
    while (at < size) {
      if (nextLf !== -1 && nextLf < at) nextLf = text.indexOf('\n', at);
      if (nextCr !== -1 && nextCr < at) nextCr = text.indexOf('\r', at);
      const end = nextLf === -1 ? nextCr : nextCr === -1 ? nextLf : Math.min(nextLf, nextCr);
      if (end === -1) {
        this.#lineIsEmpty = false;
        break;
      }
      const blank = this.#lineIsEmpty && end === at;
      at = end + 1;
      if (end === nextCr) {
        if (at === size) this.#afterCr = true;
        else if (text.charCodeAt(at) === lf) at += 1;
      }
      this.#lineIsEmpty = true;
      if (!blank) continue;
      const alone = start === 0 && at === size;
      const verdict = this.#complete(
        alone ? chunk : chunk.subarray(start, at),
        alone ? text : text.slice(start, at),
        out,
      );
      start = at;
      if (verdict) changed = true;
    }
    if (start < size) {
      changed = true;
      this.#hold(chunk.subarray(start), out);
    }
    if (!changed) return chunk;
    return out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out);
  }

  /** No more bytes follow: returns the held bytes, read as if they were complete. */
  end(): Buffer {
    const out: Buffer[] = [];
    if (this.#heldBytes > 0 || this.#passing) this.#complete(none, '', out);
    return out.length === 0 ? none : Buffer.concat(out);
  }

  /** Drops the held bytes. */
  discard(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }

  #complete(rest: Buffer, text: string, out: Buffer[]): boolean {
    if (this.#passing) {
      this.reader?.oversized(this.#keepTail(rest));
      out.push(rest);
      this.#passing = false;
      this.#tail = none;
      this.#dropped = false;
      return false;
    }
    const whole = this.#heldBytes === 0;
    const frame = whole ? rest : Buffer.concat([...this.#held, rest]);
    if (!whole) this.discard();
    const instead = this.reader?.frame(frame, whole ? text : frame.toString('latin1'));
    this.#dropped = instead !== undefined && instead.length === 0;
    const bytes = instead ?? frame;
    if (bytes.length > 0) out.push(bytes);
    return instead !== undefined;
  }

  #hold(rest: Buffer, out: Buffer[]): void {
    if (!this.#passing) {
      this.#held.push(rest);
      this.#heldBytes += rest.length;
      if (this.#heldBytes <= this.maxBytes) return;
      const held = Buffer.concat(this.#held);
      out.push(held);
      this.#tail = Buffer.from(held.subarray(-tailBytes));
      this.discard();
      this.#passing = true;
      return;
    }
    out.push(rest);
    this.#tail = this.#keepTail(rest);
  }

  #keepTail(more: Buffer): Buffer {
    return Buffer.concat([this.#tail, more.subarray(-tailBytes)]).subarray(-tailBytes);
  }
}

/** Whether bytes after a blank line end with another: LF or CR LF after a line end. */
function endsWithBlankLine(bytes: Buffer): boolean {
  if (bytes.at(-1) !== lf) return false;
  const before = bytes.at(-2) === cr ? bytes.at(-3) : bytes.at(-2);
  return before === lf || before === cr;
}
