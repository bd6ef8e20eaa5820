/** How much longer the interval becomes at most. */
const mostTimes = 5;

/** Repeats work at an interval, which doubles up to five times its length while there is nothing to do. Keeps no process alive. */
export class IdlePoll {
  readonly #everyMs: number;
  readonly #work: () => Promise<boolean>;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs: number;
  #ended = false;

  /** `work`: resolves with whether there was anything to do, and never rejects. Begins after the first interval. */
  constructor(everyMs: number, work: () => Promise<boolean>) {
    this.#everyMs = everyMs;
    this.#pauseMs = everyMs;
    this.#work = work;
    this.#next();
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #next(): void {
    if (this.#ended) return;
    this.#timer = setTimeout(() => void this.#round(), this.#pauseMs);
    this.#timer.unref();
  }

  async #round(): Promise<void> {
    const worked = await this.#work();
    this.#pauseMs = worked ? this.#everyMs : Math.min(2 * this.#pauseMs, mostTimes * this.#everyMs);
    this.#next();
  }
}
