/** The saved form of {@link RollingSum}. */
export type SavedSum = readonly [newest: number, slots: readonly number[]];

/** Sum over the last `lengthMs`, in slots: right to one slot's length. A clock that steps back adds to the newest slot. */
export class RollingSum {
  /** From the first amount on: many sums never get one. A plain array, since a typed one of this size takes four times its content. */
  #slots: number[] | undefined;
  /** Number of the newest slot; -1: none yet. */
  #newest = -1;
  #sum = 0;

  constructor(
    readonly lengthMs: number,
    private readonly count = 12,
  ) {}

  add(nowMs: number, amount: number): void {
    if (amount === 0 && !this.#slots) return;
    this.#slots ??= new Array<number>(this.count).fill(0);
    this.#roll(nowMs);
    const place = this.#newest % this.count;
    this.#slots[place] = (this.#slots[place] as number) + amount;
    this.#sum += amount;
  }

  sum(nowMs: number): number {
    this.#roll(nowMs);
    return this.#sum;
  }

  /** The newest slot's number, and the slots, the oldest first. */
  save(): SavedSum {
    const { count } = this;
    const all = this.#slots;
    if (!all || this.#newest < 0) return [0, []];
    const slots = Array.from(
      { length: count },
      (_, index) => all[(this.#newest + 1 + index) % count] as number,
    );
    return [this.#newest, slots.map((value) => Number(value.toPrecision(4)))];
  }

  /** Takes what was saved of a sum with as many slots; another one is ignored. */
  load([newest, slots]: SavedSum): void {
    const { count } = this;
    if (slots.length !== count) return;
    const all = new Array<number>(count).fill(0);
    for (const [index, value] of slots.entries()) all[(newest + 1 + index) % count] = value;
    this.#slots = all;
    this.#newest = newest;
    this.#sum = slots.reduce((sum, value) => sum + value, 0);
  }

  #roll(nowMs: number): void {
    const slots = this.#slots;
    if (!slots) return;
    const { count } = this;
    const slot = Math.floor((nowMs * count) / this.lengthMs);
    if (slot <= this.#newest) return;
    if (this.#newest < 0 || slot - this.#newest >= count) slots.fill(0);
    else for (let one = this.#newest + 1; one <= slot; one += 1) slots[one % count] = 0;
    this.#newest = slot;
    // Summed again, so that rounding errors do not accumulate.
    this.#sum = 0;
    for (let place = 0; place < count; place += 1) this.#sum += slots[place] as number;
  }
}
