/** The saved form of {@link RollingSum}. */
export type SavedSum = readonly [newest: number, slots: readonly number[]];

/** The slots, and the sum, of sums without an amount, by their number of slots: shared, and never written to. */
const nothing: number[][] = [];

/** Sum over the last `lengthMs`, in slots: right to one slot's length. A clock that steps back adds to the newest slot. */
export class RollingSum {
  /**
   * The slots and the sum. Without a place in a common array, its own from the first amount on, since many sums never get one: a plain
   * array, because a typed one of this size takes four times its content.
   */
  #figures: number[] | Float64Array;
  readonly #from: number;
  readonly #count: number;
  /** Number of the newest slot; -1: nothing was added yet. */
  #newest = -1;

  /** `common`: an array of several sums, of which this one has {@link RollingSum.figures} from `from` on. */
  constructor(
    readonly lengthMs: number,
    slots = 12,
    common?: Float64Array,
    from = 0,
  ) {
    nothing[slots] ??= new Array<number>(slots + 1).fill(0);
    this.#figures = common ?? nothing[slots];
    this.#from = from;
    this.#count = slots;
  }

  /** How many figures a sum of so many slots takes. */
  static figures(slots: number): number {
    return slots + 1;
  }

  /** Returns the sum with the amount. */
  add(nowMs: number, amount: number): number {
    if (this.#newest < 0) {
      if (amount === 0) return 0;
      this.#begin(this.#slotOf(nowMs));
    }
    this.#roll(nowMs);
    const figures = this.#figures;
    const place = this.#from + (this.#newest % this.#count);
    const total = this.#from + this.#count;
    figures[place] = (figures[place] as number) + amount;
    const sum = (figures[total] as number) + amount;
    figures[total] = sum;
    return sum;
  }

  sum(nowMs: number): number {
    this.#roll(nowMs);
    return this.#figures[this.#from + this.#count] as number;
  }

  /** The newest slot's number, and the slots, the oldest first. */
  save(): SavedSum {
    if (this.#newest < 0) return [0, []];
    const slots = Array.from({ length: this.#count }, (_, index) => {
      const place = (this.#newest + 1 + index) % this.#count;
      return Number((this.#figures[this.#from + place] as number).toPrecision(4));
    });
    return [this.#newest, slots];
  }

  /** Takes what was saved of a sum with as many slots; another one is ignored. */
  load([newest, slots]: SavedSum): void {
    const count = this.#count;
    if (slots.length !== count) return;
    this.#begin(newest);
    for (const [index, value] of slots.entries())
      this.#figures[this.#from + ((newest + 1 + index) % count)] = value;
    this.#figures[this.#from + count] = slots.reduce((sum, value) => sum + value, 0);
  }

  #slotOf(nowMs: number): number {
    return Math.floor((nowMs * this.#count) / this.lengthMs);
  }

  #begin(slot: number): void {
    if (this.#figures === nothing[this.#count]) this.#figures = new Array<number>(this.#count + 1).fill(0);
    this.#newest = slot;
  }

  #roll(nowMs: number): void {
    const slot = this.#slotOf(nowMs);
    if (this.#newest < 0 || slot <= this.#newest) return;
    const figures = this.#figures;
    const from = this.#from;
    const count = this.#count;
    const passed = slot - this.#newest;
    let place = from + (this.#newest % count);
    for (let left = Math.min(passed, count); left > 0; left -= 1) {
      place = place + 1 === from + count ? from : place + 1;
      figures[place] = 0;
    }
    this.#newest = slot;
    // Summed again, so that rounding errors do not accumulate.
    let sum = 0;
    if (passed < count) for (let at = from; at < from + count; at += 1) sum += figures[at] as number;
    figures[from + count] = sum;
  }
}
