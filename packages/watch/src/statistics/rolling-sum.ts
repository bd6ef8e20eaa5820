/** Sum over the last `lengthMs`, in slots: right to one slot's length. A clock that steps back adds to the newest slot. */
export class RollingSum {
  readonly #slots: Float64Array;
  readonly #slotMs: number;
  #newest = Number.NEGATIVE_INFINITY;
  #sum = 0;

  constructor(
    readonly lengthMs: number,
    slots = 12,
  ) {
    this.#slots = new Float64Array(slots);
    this.#slotMs = lengthMs / slots;
  }

  add(nowMs: number, amount: number): void {
    this.#roll(nowMs);
    const place = this.#newest % this.#slots.length;
    this.#slots[place] = (this.#slots[place] as number) + amount;
    this.#sum += amount;
  }

  sum(nowMs: number): number {
    this.#roll(nowMs);
    return this.#sum;
  }

  #roll(nowMs: number): void {
    const slot = Math.floor(nowMs / this.#slotMs);
    if (slot <= this.#newest) return;
    const count = this.#slots.length;
    if (slot - this.#newest >= count) this.#slots.fill(0);
    else for (let one = this.#newest + 1; one <= slot; one += 1) this.#slots[one % count] = 0;
    this.#newest = slot;
    // Summed again, so that rounding errors do not accumulate.
    this.#sum = 0;
    for (let place = 0; place < count; place += 1) this.#sum += this.#slots[place] as number;
  }
}
