import type { AnswerWriter } from '../exchange/attempt-interface.js';
import type { Racer } from '../resilience/hedge-race.js';
import type { ClientAnswer } from './client-answer.js';

/** The client's response for one of several attempts that run at once: the first with bytes gets it, the others write nowhere. */
export class RacerAnswer implements AnswerWriter {
  #head: Parameters<AnswerWriter['begin']> | undefined;

  constructor(
    private readonly answer: ClientAnswer,
    private readonly racer: Racer,
    /** It has won; nothing has been written yet. */
    private readonly onWon: () => void,
  ) {}

  get begun(): boolean {
    return this.racer.hasWon && this.answer.begun;
  }

  get gone(): boolean {
    return this.answer.gone;
  }

  get last(): Uint8Array | undefined {
    return this.racer.hasWon ? this.answer.last : undefined;
  }

  begin(...head: Parameters<AnswerWriter['begin']>): void {
    this.#head = head;
  }

  write(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true;
    const first = !this.racer.hasWon;
    if (!this.racer.claim()) return true;
    if (first && this.#head) {
      this.onWon();
      this.answer.begin(...this.#head);
    }
    return this.answer.write(bytes);
  }

  isCutShort(tail: Uint8Array): boolean {
    return !this.racer.hasWon || this.answer.isCutShort(tail);
  }

  onDrain(listener: () => void): void {
    this.answer.onDrain(listener);
  }

  onGone(listener: () => void): void {
    this.answer.onGone(listener);
  }
}
