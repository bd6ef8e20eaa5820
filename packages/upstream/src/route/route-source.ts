import { publish } from '@tollgate/core/internal';

/** A price that only serves the choice between models: charges use the meter's prices. */
export interface PolledPrice {
  /** Dollars per million tokens, 0 or more. */
  readonly inputUsdPerMillion: number;
  readonly outputUsdPerMillion: number;
}

/** The facts from a {@link RouteSource}. */
export interface RouteFacts {
  /** By `provider/model`; they take precedence over those of the price catalogue. */
  readonly prices?: Readonly<Record<string, PolledPrice>>;
  /** By provider, or by `provider/model`; absent: up. */
  readonly status?: Readonly<Record<string, 'up' | 'slow' | 'down'>>;
}

/** Reads prices and status, e.g. from a provider's status page. Should end when the signal aborts, after 5 s. */
export type RouteSource = (signal: AbortSignal) => Promise<RouteFacts> | RouteFacts;

const timeoutMs = 5_000;
/** Periods for which a status is trusted: a status page that has disappeared must not exclude a provider for good. */
const statusPeriods = 5;

/** Facts that are read repeatedly, outside of the requests that need them; while the source fails, the last good ones stay. */
export class PolledFacts {
  #prices: NonNullable<RouteFacts['prices']> = {};
  #status: NonNullable<RouteFacts['status']> = {};
  #goodMs = Number.NEGATIVE_INFINITY;
  #askedMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<boolean> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly source: RouteSource | undefined,
    private readonly everyMs: number,
    private readonly nowMs: () => number,
  ) {}

  /** Reads them from now on once a period, whether or not anything asks. Does not keep the process alive. */
  begin(): void {
    if (!this.source) return;
    void this.refresh();
    this.#timer = setInterval(() => void this.refresh(), this.everyMs);
    this.#timer.unref();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** The current facts; reads them again, in the background, where they are older than a period. */
  now(): Required<RouteFacts> {
    const now = this.nowMs();
    if (this.source && now - this.#askedMs >= this.everyMs) void this.refresh();
    const believed = now - this.#goodMs < this.everyMs * statusPeriods;
    return { prices: this.#prices, status: believed ? this.#status : {} };
  }

  /** Reads the source; `false`: it failed, and the last good facts stay. */
  refresh(): Promise<boolean> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<boolean> {
    const { source } = this;
    if (!source) return true;
    this.#askedMs = this.nowMs();
    const abort = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          abort.abort();
          reject(new Error(`no answer within ${timeoutMs} ms`));
        }, timeoutMs);
        timer.unref();
      });
      const facts = await Promise.race([source(abort.signal), late]);
      check(facts);
      this.#prices = facts.prices ?? this.#prices;
      this.#status = facts.status ?? {};
      this.#goodMs = this.nowMs();
      return true;
    } catch (error) {
      publish('tollgate:fault', () => ({ where: 'router.source', error: String(error) }));
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Throws a `TypeError` for facts that are none: half of a bad answer is not taken. */
function check({ prices = {}, status = {} }: RouteFacts): void {
  const isPrice = (price: number): boolean => Number.isFinite(price) && price >= 0;
  for (const [name, price] of Object.entries(prices)) {
    if (!isPrice(price.inputUsdPerMillion) || !isPrice(price.outputUsdPerMillion)) {
      throw new TypeError(`the price of "${name}" must be two numbers of 0 or more`);
    }
  }
  for (const [name, state] of Object.entries(status)) {
    if (!['up', 'slow', 'down'].includes(state)) {
      throw new TypeError(`the status of "${name}" must be "up", "slow" or "down"`);
    }
  }
}
