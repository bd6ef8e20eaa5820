/** The saved form of {@link RollingSum}. */
export type SavedSum = readonly [newest: number, slots: readonly number[]];

/** Sum over the last `lengthMs`, in slots: right to one slot's length. A clock that steps back adds to the newest slot. */
export class RollingSum {
  /** A plain array: a typed one of this size takes four times its content. */
  readonly #slots: number[];
  readonly #slotMs: number;
  #newest = Number.NEGATIVE_INFINITY;
  #sum = 0;

  constructor(
    readonly lengthMs: number,
    slots = 12,
  ) {
    this.#slots = new Array<number>(slots).fill(0);
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

  /** The newest slot's number, and the slots, the oldest first. */
  save(): SavedSum {
    const count = this.#slots.length;
    if (!Number.isFinite(this.#newest)) return [0, []];
    const slots = Array.from(
      { length: count },
      (_, index) => this.#slots[(this.#newest + 1 + index) % count] as number,
    );
    return [this.#newest, slots.map((value) => Number(value.toPrecision(4)))];
  }

  /** Takes what was saved of a sum with as many slots; another one is ignored. */
  load([newest, slots]: SavedSum): void {
    const count = this.#slots.length;
    if (slots.length !== count) return;
    for (const [index, value] of slots.entries()) this.#slots[(newest + 1 + index) % count] = value;
    this.#newest = newest;
    this.#sum = slots.reduce((sum, value) => sum + value, 0);
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
