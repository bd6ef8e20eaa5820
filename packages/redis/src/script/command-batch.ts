import { setMaxListeners } from 'node:events';
import { publish } from '@tollgate/core/internal';
import type { Circuit, Ticket } from '../connection/circuit.js';
import { StoreUnavailableError } from '../connection/store-unavailable-error.js';
import { errorCodeIn } from './reply.js';

/** Errors of a server that has changed nothing. Any other may come from the middle of a script. */
const nothingDone =
  /^(?:LOADING|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|READONLY|BUSY|NOSCRIPT|OOM|MISCONF|NOREPLICAS|NOAUTH|NOPERM|MOVED|ASK)$/;

/** The commands sent to one server in one turn of the event loop: they share a deadline. */
export class CommandBatch {
  readonly #circuit: Circuit;
  readonly #ticket: Ticket;
  readonly #abort = new AbortController();
  /** Each rejects a reply that is waited for. */
  readonly #late = new Set<() => void>();
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(circuit: Circuit, ticket: Ticket) {
    this.#circuit = circuit;
    this.#ticket = ticket;
    setMaxListeners(0, this.signal);
  }

  /** Cancels commands that were not written yet. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The reply to a command. Rejects with {@link StoreUnavailableError} only, at the latest at the deadline, and reports that. */
  reply(operation: string, command: Promise<unknown>): Promise<unknown> {
    this.sent();
    return new Promise((resolve, reject) => {
      const late = (): void =>
        reject(reported(new StoreUnavailableError({ fault: 'deadline', operation, mayHaveRun: true })));
      this.#late.add(late);
      command.then(
        (answer) => {
          this.answered();
          this.#late.delete(late);
          resolve(answer);
        },
        (error: unknown) => {
          this.failed(errorCodeIn(error) === undefined);
          if (this.#late.delete(late)) reject(reported(unavailable(operation, error)));
        },
      );
    });
  }

  sent(): void {
    this.#waiting += 1;
    // Answers that came while this process itself was busy are read before immediates run: they are in time.
    this.#timer ??= setTimeout(() => setImmediate(() => this.#end()), this.#ticket.waitMs);
  }

  answered(): void {
    if (this.signal.aborted) this.#circuit.answeredLate();
    else this.#circuit.succeeded(this.#ticket);
    this.#ended();
  }

  failed(broke: boolean): void {
    if (!this.signal.aborted) this.#circuit.failed(this.#ticket, broke);
    this.#ended();
  }

  #ended(): void {
    this.#waiting -= 1;
    if (this.#waiting > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #end(): void {
    if (this.#waiting === 0) return;
    this.#circuit.overdue(this.#ticket);
    this.#abort.abort();
    for (const reject of this.#late) reject();
    this.#late.clear();
  }
}

/** One deadline for each server and turn of the event loop: a timer for each command would cost as much again as the command. */
export class CommandBatches {
  readonly #deadlineMs: number;
  readonly #ofTurn = new Map<Circuit, CommandBatch | undefined>();

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** The server's batch of this turn; `undefined`: calls to the server are paused. All commands of a turn try it together, or none. */
  enter(circuit: Circuit): CommandBatch | undefined {
    if (this.#ofTurn.size === 0) setImmediate(() => this.#ofTurn.clear());
    if (!this.#ofTurn.has(circuit)) {
      const ticket = circuit.enter(this.#deadlineMs);
      this.#ofTurn.set(circuit, ticket && new CommandBatch(circuit, ticket));
    }
    return this.#ofTurn.get(circuit);
  }

  /** The same; throws a {@link StoreUnavailableError} where calls are paused, and reports that. */
  enterFor(operation: string, circuit: Circuit): CommandBatch {
    const batch = this.enter(circuit);
    if (batch) return batch;
    throw reported(new StoreUnavailableError({ fault: 'breaker', operation, mayHaveRun: false }));
  }
}

function unavailable(operation: string, cause: unknown): StoreUnavailableError {
  const answer = errorCodeIn(cause);
  return answer === undefined
    ? new StoreUnavailableError({ fault: 'connection', operation, mayHaveRun: true, cause })
    : new StoreUnavailableError({
        fault: 'answer',
        operation,
        mayHaveRun: !nothingDone.test(answer),
        detail: answer,
        cause,
      });
}

function reported(error: StoreUnavailableError): StoreUnavailableError {
  const { operation, fault } = error;
  publish('tollgate:fault', () => ({ source: 'quota-store', operation, fault }));
  return error;
}
