import type { Socket } from 'node:net';
import type { FaultSwitch } from './fault-switch.js';

/** One direction of a connection. */
export interface FaultLaneFacts {
  readonly from: Socket;
  readonly to: Socket;
  /** From the target to its client: the direction that most faults are in. */
  readonly replies: boolean;
  readonly faults: FaultSwitch;
  /** This many bytes were forwarded. */
  passed(bytes: number): void;
  cut(): void;
}

/** The most bytes that may wait; beyond, the sender is not read from, as with a full network. */
const mostWaiting = 1_048_576;

/** Carries bytes in order, as the mode has it at the moment at which they would pass. */
export class FaultLane {
  readonly #facts: FaultLaneFacts;
  readonly #waiting: { readonly bytes: Buffer; readonly atMs: number }[] = [];
  #waitingBytes = 0;
  #carrying = false;
  #ended = false;
  #sinceMode = 0;
  /** A reply was dropped. */
  lostReply = false;

  constructor(facts: FaultLaneFacts) {
    this.#facts = facts;
    const { from } = facts;
    from.on('data', (bytes: Buffer) => {
      this.#waiting.push({ bytes, atMs: performance.now() });
      this.#waitingBytes += bytes.length;
      if (this.#waitingBytes > mostWaiting) from.pause();
      void this.#carry();
    });
    from.on('end', () => {
      this.#ended = true;
      void this.#carry();
    });
  }

  modeChanged(): void {
    this.#sinceMode = 0;
  }

  async #carry(): Promise<void> {
    if (this.#carrying) return;
    this.#carrying = true;
    const { from, to, faults } = this.#facts;
    for (;;) {
      if (to.destroyed) break;
      if (faults.mode === 'blackhole') {
        await faults.changed();
        continue;
      }
      const next = this.#waiting[0];
      if (!next) break;
      const waitMs = this.#delayMs() - (performance.now() - next.atMs);
      if (waitMs > 0) {
        await faults.changed(waitMs);
        continue;
      }
      this.#waiting.shift();
      this.#waitingBytes -= next.bytes.length;
      await this.#pass(next.bytes);
      if (this.#waitingBytes <= mostWaiting) from.resume();
    }
    this.#carrying = false;
    if (this.#ended && this.#waiting.length === 0) to.end();
  }

  #delayMs(): number {
    const { faults, replies } = this.#facts;
    return replies && typeof faults.mode === 'object' && 'delayMs' in faults.mode ? faults.mode.delayMs : 0;
  }

  async #pass(bytes: Buffer): Promise<void> {
    const { replies, faults } = this.#facts;
    const { mode } = faults;
    if (!replies || mode === 'pass') return this.#write(bytes);
    if (mode === 'drop-reply') {
      this.lostReply = true;
      return;
    }
    if (typeof mode !== 'object' || 'delayMs' in mode) return this.#write(bytes);
    if ('dripMs' in mode) return this.#drip(bytes);
    const left = mode.cutAfterBytes - this.#sinceMode;
    if (bytes.length <= left) return this.#write(bytes);
    await this.#write(bytes.subarray(0, left));
    this.#facts.cut();
  }

  async #drip(bytes: Buffer): Promise<void> {
    const { faults, to } = this.#facts;
    for (let at = 0; at < bytes.length && !to.destroyed; at += 1) {
      const { mode } = faults;
      if (typeof mode !== 'object' || !('dripMs' in mode)) {
        // The rest passes as the new mode has it.
        this.#waiting.unshift({ bytes: bytes.subarray(at), atMs: performance.now() });
        this.#waitingBytes += bytes.length - at;
        return;
      }
      await faults.changed(mode.dripMs);
      await this.#write(bytes.subarray(at, at + 1));
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    const { to, passed } = this.#facts;
    if (to.destroyed || bytes.length === 0) return;
    this.#sinceMode += bytes.length;
    passed(bytes.length);
    await new Promise<void>((resolve) => {
      to.write(bytes, () => resolve());
    });
  }
}
