import { setTimeout as delay } from 'node:timers/promises';
import { publish, withinDeadline } from '@tollgate/core/internal';
import type { Circuit } from '../connection/circuit.js';
import type { Connection } from '../connection/connection.js';
import { StoreUnavailableError } from '../connection/store-unavailable-error.js';
import { errorCodeIn } from './reply.js';
import type { Script } from './scripts.js';

export interface RunnerOptions {
  readonly connection: Connection;
  readonly deadlineMs: number;
}

/** Answers of a server that did nothing and may do better in a moment. */
const passing = /^(?:LOADING|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|READONLY|BUSY)\b/;
const retryAfterMs = 20;
/** Errors of a server that has changed nothing. Any other may come from the middle of a script. */
const nothingDone =
  /^(?:LOADING|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|READONLY|BUSY|NOSCRIPT|OOM|MISCONF|NOREPLICAS|NOAUTH|NOPERM|MOVED|ASK)$/;

/**
 * Runs scripts within our own deadline, behind the server's circuit breaker. All keys of one are on one server. Rejects with
 * {@link StoreUnavailableError} only.
 */
export class ScriptRunner {
  readonly #connection: Connection;
  readonly #deadlineMs: number;

  constructor({ connection, deadlineMs }: RunnerOptions) {
    this.#connection = connection;
    this.#deadlineMs = deadlineMs;
  }

  async run(
    operation: string,
    script: Script,
    keys: string | readonly string[],
    args: readonly (string | Buffer)[],
  ): Promise<unknown> {
    const all = typeof keys === 'string' ? [keys] : keys;
    const [key = ''] = all;
    return this.#guarded(operation, key, async (signal) => {
      const rest = [String(all.length), ...all, ...args];
      try {
        return await this.#twice(key, ['EVALSHA', script.sha1, ...rest], signal, 'bytes');
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return await this.#twice(key, ['EVAL', script.source, ...rest], signal, 'bytes');
      }
    });
  }

  command(operation: string, key: string, args: (string | Buffer)[], as?: 'bytes'): Promise<unknown> {
    return this.#guarded(operation, key, (signal) => this.#twice(key, args, signal, as));
  }

  async #twice(key: string, args: (string | Buffer)[], signal: AbortSignal, as?: 'bytes'): Promise<unknown> {
    try {
      return await this.#connection.send(key, args, signal, as);
    } catch (error) {
      if (!(error instanceof Error) || !passing.test(error.message)) throw error;
      await delay(retryAfterMs);
      if (signal.aborted) throw error;
      return await this.#connection.send(key, args, signal, as);
    }
  }

  async #guarded(
    operation: string,
    key: string,
    work: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<unknown> {
    try {
      return await this.#timed(operation, this.#connection.circuitOf(key), work);
    } catch (cause) {
      const error = unavailable(operation, cause);
      publish('tollgate:fault', () => ({ source: 'quota-store', operation, fault: error.fault }));
      throw error;
    }
  }

  async #timed(
    operation: string,
    circuit: Circuit,
    work: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<unknown> {
    const ticket = circuit.enter(this.#deadlineMs);
    if (ticket === undefined) {
      throw new StoreUnavailableError({ fault: 'breaker', operation, mayHaveRun: false });
    }
    const abort = new AbortController();
    const late = (): Error => {
      abort.abort();
      circuit.overdue(ticket);
      return new StoreUnavailableError({ fault: 'deadline', operation, mayHaveRun: true });
    };
    const told = async (): Promise<unknown> => {
      try {
        const answer = await work(abort.signal);
        if (abort.signal.aborted) circuit.answeredLate();
        else circuit.succeeded(ticket);
        return answer;
      } catch (error) {
        if (!abort.signal.aborted) circuit.failed(ticket, errorCodeIn(error) === undefined);
        throw error;
      }
    };
    return withinDeadline(ticket.waitMs, told(), late);
  }
}

function unavailable(operation: string, cause: unknown): StoreUnavailableError {
  if (cause instanceof StoreUnavailableError) return cause;
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
