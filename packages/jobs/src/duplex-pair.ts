import { Duplex } from 'node:stream';

/** One end of a connection inside this process: data written here is read at the other end. */
class End extends Duplex {
  other: End | undefined;
  #taken: (() => void) | undefined;

  override _read(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (chunk.length === 0 || !this.other) {
      process.nextTick(done);
      return;
    }
    this.other.#taken = done;
    this.other.push(chunk);
  }

  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }

  /** An end that is destroyed early also destroys the other, as a socket does. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.writableFinished) {
      const { other } = this;
      process.nextTick(() => other?.destroy());
    }
    done(error);
  }
}

/** The two ends of a connection that never leaves this process. (Node has `duplexPair` from 20.17 on only.) */
export function duplexPair(): readonly [Duplex, Duplex] {
  const [one, other] = [new End(), new End()];
  one.other = other;
  other.other = one;
  return [one, other];
}
