/** The saved form of {@link RollingSum}. */
export type SavedSum = readonly [newest: number, slots: readonly number[]];

/** The slots of sums without an amount, by their number: shared, and never written to. */
const nothing: number[][] = [];

/** Sum over the last `lengthMs`, in slots: right to one slot's length. A clock that steps back adds to the newest slot. */
export class RollingSum {
  /** Its own from the first amount on: many sums never get one. A plain array: a typed one of this size takes four times its content. */
  #slots: number[];
  /** Number of the newest slot; -1: nothing was added yet. */
  #newest = -1;
  #sum = 0;

  constructor(
    readonly lengthMs: number,
    slots = 12,
  ) {
    nothing[slots] ??= new Array<number>(slots).fill(0);
    this.#slots = nothing[slots];
  }

  add(nowMs: number, amount: number): void {
    if (this.#newest < 0) {
      if (amount === 0) return;
      this.#begin(nowMs);
    }
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
    const all = this.#slots;
    const count = all.length;
    if (this.#newest < 0) return [0, []];
    const slots = Array.from(
      { length: count },
      (_, index) => all[(this.#newest + 1 + index) % count] as number,
    );
    return [this.#newest, slots.map((value) => Number(value.toPrecision(4)))];
  }

  /** Takes what was saved of a sum with as many slots; another one is ignored. */
  load([newest, slots]: SavedSum): void {
    const count = this.#slots.length;
    if (slots.length !== count) return;
    const all = new Array<number>(count).fill(0);
    for (const [index, value] of slots.entries()) all[(newest + 1 + index) % count] = value;
    this.#slots = all;
    this.#newest = newest;
    this.#sum = slots.reduce((sum, value) => sum + value, 0);
  }

  #slotOf(nowMs: number): number {
    return Math.floor((nowMs * this.#slots.length) / this.lengthMs);
  }

  #begin(nowMs: number): void {
    this.#slots = new Array<number>(this.#slots.length).fill(0);
    this.#newest = this.#slotOf(nowMs);
  }

  #roll(nowMs: number): void {
    const slot = this.#slotOf(nowMs);
    if (this.#newest < 0 || slot <= this.#newest) return;
    const slots = this.#slots;
    const count = slots.length;
    if (slot - this.#newest >= count) slots.fill(0);
    else for (let one = this.#newest + 1; one <= slot; one += 1) slots[one % count] = 0;
    this.#newest = slot;
    // Summed again, so that rounding errors do not accumulate.
    this.#sum = 0;
    for (let place = 0; place < count; place += 1) this.#sum += slots[place] as number;
  }
}
