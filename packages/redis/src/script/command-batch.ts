import { setMaxListeners } from 'node:events';
import type { Circuit, Ticket } from '../connection/circuit.js';

/** The commands sent to one server in one turn of the event loop. */
export class SentInBatch {
  readonly #circuit: Circuit;
  readonly #ticket: Ticket;
  readonly #abort = new AbortController();
  #waiting = 0;

  constructor(circuit: Circuit, ticket: Ticket) {
    this.#circuit = circuit;
    this.#ticket = ticket;
    setMaxListeners(0, this.signal);
    // Answers that came while this process itself was busy are read before immediates run: they are in time.
    setTimeout(() => setImmediate(() => this.#end()), ticket.waitMs).unref();
  }

  /** Cancels commands that were not written yet. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  sent(): void {
    this.#waiting += 1;
  }

  answered(): void {
    this.#waiting -= 1;
    if (this.signal.aborted) this.#circuit.answeredLate();
    else this.#circuit.succeeded(this.#ticket);
  }

  failed(broke: boolean): void {
    this.#waiting -= 1;
    if (!this.signal.aborted) this.#circuit.failed(this.#ticket, broke);
  }

  #end(): void {
    if (this.#waiting > 0) this.#circuit.overdue(this.#ticket);
    this.#abort.abort();
  }
}

/** One deadline for each server and turn of the event loop: a timer for each command would cost as much again as the command. */
export class CommandBatch {
  readonly #deadlineMs: number;
  readonly #sent = new Map<Circuit, SentInBatch | undefined>();

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** `undefined`: calls to the server are paused. All windows of a request try it together, or none. */
  enter(circuit: Circuit): SentInBatch | undefined {
    if (!this.#sent.has(circuit)) {
      const ticket = circuit.enter(this.#deadlineMs);
      this.#sent.set(circuit, ticket && new SentInBatch(circuit, ticket));
    }
    return this.#sent.get(circuit);
  }
}
