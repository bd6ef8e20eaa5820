import { AttemptClock } from '../exchange/attempt-clock.js';
import { upstreamTimeout } from '../exchange/errors.js';
import type { Timeouts } from '../provider/timeouts.js';
import { handedResponse } from './handed-response.js';

/** The time-outs and the abort of one attempt through `fetch`, until its body has ended. */
export class FetchAttempt {
  readonly #abort = new AbortController();
  readonly #clock: AttemptClock;
  #waiting = true;

  constructor(
    timeouts: Required<Timeouts>,
    private readonly caller: AbortSignal | null | undefined,
  ) {
    this.#clock = new AttemptClock({
      timeouts,
      nowMs: () => performance.now(),
      isPaused: () => !this.#waiting,
      passed: (kind) => this.#abort.abort(upstreamTimeout(kind)),
    });
    this.#clock.start();
    this.#clock.enter('first-byte');
    if (caller?.aborted) this.#leave();
    else caller?.addEventListener('abort', this.#leave, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get elapsedMs(): number {
    return this.#clock.elapsedMs;
  }

  /** The head of the response has arrived; from now on only time with an active reader counts. */
  answered(): void {
    this.#waiting = false;
    this.#clock.enter('body');
  }

  /** The response for its reader, with these headers; `over` is called at its end, with whether the provider broke it off. */
  handOver(response: Response, headers: Headers, over: (broken: boolean) => void): Response {
    const watcher = {
      waiting: (is: boolean): void => {
        this.#waiting = is;
        this.#clock.touch();
      },
      over: (broken: boolean): void => {
        this.end();
        over(broken && this.caller?.aborted !== true);
      },
    };
    if (!response.body) this.end();
    return handedResponse(response, headers, watcher);
  }

  /**
   * Another attempt follows: the response is read for a moment, so that its connection can be used again, then cut. Resolves with the
   * response that can still be returned, should it be the last one after all.
   */
  async setAside(response: Response, withinMs: number): Promise<Response> {
    const timer = setTimeout(() => this.abort(), withinMs);
    const body = await response.arrayBuffer().catch(() => undefined);
    clearTimeout(timer);
    this.end();
    const { status, statusText, headers } = response;
    return new Response(body ?? null, { status, statusText, headers });
  }

  abort(reason?: unknown): void {
    this.#abort.abort(reason);
    this.end();
  }

  end(): void {
    this.#clock.stop();
    this.caller?.removeEventListener('abort', this.#leave);
  }

  readonly #leave = (): void => this.#abort.abort(this.caller?.reason);
}
