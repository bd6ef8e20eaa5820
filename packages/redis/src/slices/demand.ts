const spanMs = 1_000;

/** How much was taken of a counter lately: the larger of this second's and the last one's. */
export class Demand {
  #sinceMs = 0;
  #now = 0;
  #before = 0;

  note(amount: number, atMs: number): void {
    this.#move(atMs);
    this.#now += amount;
  }

  perSecond(atMs: number): number {
    this.#move(atMs);
    return Math.max(this.#now, this.#before);
  }

  #move(atMs: number): void {
    const passed = Math.floor((atMs - this.#sinceMs) / spanMs);
    if (passed <= 0) return;
    this.#before = passed === 1 ? this.#now : 0;
    this.#now = 0;
    this.#sinceMs += passed * spanMs;
  }
}
