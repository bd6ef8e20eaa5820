/** Since when something has been going wrong; bounded, the oldest is forgotten. */
export class Persistence {
  readonly #sinceMs = new Map<string, { first: number; last: number }>();

  /** `longMs`: how long it must have lasted; `gapMs`: a longer pause starts it again. */
  constructor(
    private readonly longMs: number,
    private readonly gapMs: number,
    private readonly most = 1_000,
  ) {}

  /** Records a failure now; returns whether it has lasted long enough. */
  hasLasted(name: string, nowMs: number): boolean {
    const known = this.#sinceMs.get(name);
    const first = known && nowMs - known.last <= this.gapMs ? known.first : nowMs;
    this.#sinceMs.delete(name);
    const [oldest] = this.#sinceMs.keys();
    if (this.#sinceMs.size >= this.most && oldest !== undefined) this.#sinceMs.delete(oldest);
    this.#sinceMs.set(name, { first, last: nowMs });
    return nowMs - first >= this.longMs;
  }
}
