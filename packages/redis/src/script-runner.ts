import { setTimeout as delay } from 'node:timers/promises';
import { publish } from '@tollgate/core';
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
} from 'cockatiel';
import type { SendCommand } from './connection.js';
import { withinDeadline } from './deadline.js';
import type { Script } from './scripts.js';
import { StoreUnavailableError } from './store-unavailable-error.js';

export interface RunnerOptions {
  readonly send: SendCommand;
  readonly deadlineMs: number;
}

/** Failures in a row after which the server is left alone, and for how long until one call tries it again. */
const failuresInARow = 5;
const leftAloneMs = 500;
/** Answers of a server that did nothing and may do better in a moment. */
const passing = /^(?:LOADING|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|READONLY|BUSY)\b/;
const retryAfterMs = 20;
/** Answers of a server that has done nothing. Any other may come from the middle of a script. */
const nothingDone =
  /^(?:LOADING|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|READONLY|BUSY|NOSCRIPT|OOM|MISCONF|NOREPLICAS|NOAUTH|NOPERM|MOVED|ASK)$/;

/** Runs scripts within our own deadline, behind a breaker. Rejects with {@link StoreUnavailableError} only. */
export class ScriptRunner {
  readonly #send: SendCommand;
  readonly #deadlineMs: number;
  readonly #breaker: CircuitBreakerPolicy;

  constructor({ send, deadlineMs }: RunnerOptions) {
    this.#send = send;
    this.#deadlineMs = deadlineMs;
    this.#breaker = circuitBreaker(handleAll, {
      halfOpenAfter: leftAloneMs,
      breaker: new ConsecutiveBreaker(failuresInARow),
    });
    this.#breaker.onStateChange((state) => {
      if (state === CircuitState.Open) publish('tollgate:store', () => ({ store: 'quota', state: 'down' }));
      if (state === CircuitState.Closed) publish('tollgate:store', () => ({ store: 'quota', state: 'up' }));
    });
  }

  async run(
    operation: string,
    script: Script,
    key: string,
    args: readonly (string | Buffer)[],
  ): Promise<unknown> {
    return this.#guarded(operation, async (signal) => {
      const rest = ['1', key, ...args];
      try {
        return await this.#twice(key, ['EVALSHA', script.sha1, ...rest], signal);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return await this.#twice(key, ['EVAL', script.source, ...rest], signal);
      }
    });
  }

  command(operation: string, key: string, args: (string | Buffer)[]): Promise<unknown> {
    return this.#guarded(operation, (signal) => this.#twice(key, args, signal));
  }

  async #twice(key: string, args: (string | Buffer)[], signal: AbortSignal): Promise<unknown> {
    try {
      return await this.#send(key, args, signal);
    } catch (error) {
      if (!(error instanceof Error) || !passing.test(error.message)) throw error;
      await delay(retryAfterMs);
      if (signal.aborted) throw error;
      return await this.#send(key, args, signal);
    }
  }

  async #guarded(operation: string, work: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
    const late = (): Error => new StoreUnavailableError({ fault: 'deadline', operation, mayHaveRun: true });
    try {
      return await this.#breaker.execute(() => withinDeadline(this.#deadlineMs, work, late));
    } catch (cause) {
      const error = unavailable(operation, cause);
      publish('tollgate:fault', () => ({ source: 'quota-store', operation, fault: error.fault }));
      throw error;
    }
  }
}

function unavailable(operation: string, cause: unknown): StoreUnavailableError {
  if (cause instanceof StoreUnavailableError) return cause;
  if (cause instanceof BrokenCircuitError) {
    return new StoreUnavailableError({ fault: 'breaker', operation, mayHaveRun: false, cause });
  }
  const answer = cause instanceof Error ? /^[A-Z]{3,}(?= )/.exec(cause.message)?.[0] : undefined;
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
