/** Retries that may be made at once before any call has earned one, so that quiet apps can retry too. */
const atHand = 10;

/**
 * How many retries a provider may be sent: each call earns a share of one, each retry spends one. However many calls fail, the
 * load on a provider that is down grows by that share and no more.
 */
export class RetryBudget {
  #left = atHand;

  /** @param ratio Retries that each call earns, 0 to 1. */
  constructor(private readonly ratio: number) {}

  /** A call was made. */
  earn(): void {
    this.#left = Math.min(atHand, this.#left + this.ratio);
  }

  /** Takes one retry; `false`: there is none left. */
  spend(): boolean {
    if (this.ratio === 0 || this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
