/** One of an app's keys at a provider, without its secret: how busy it is, and until when it rests. */
export class ProviderKey {
  /** Attempts that run with it. */
  inFlight = 0;
  #restsUntilMs = 0;

  constructor(
    /** Index of the key, from 0. */
    readonly index: number,
    /** Its share of the calls, beside the weights of the others. */
    readonly weight: number,
    /** The same for the same key in every process; does not reveal the secret. */
    readonly id: string,
  ) {}

  /** How long it still rests, in milliseconds. */
  restMs(nowMs: number): number {
    return Math.max(0, this.#restsUntilMs - nowMs);
  }

  /** Lets it rest until then, if that is later than it rests already. */
  rest(untilMs: number): void {
    this.#restsUntilMs = Math.max(this.#restsUntilMs, untilMs);
  }

  /** The key works: a response has arrived. */
  wake(): void {
    this.#restsUntilMs = 0;
  }
}

/** An app's keys at one provider: each call takes the one that is least busy for its weight, in turn where several are. */
export class KeyRing {
  readonly keys: readonly ProviderKey[];
  #next = 0;

  /** `ids` by the position of the keys; by default their positions. */
  constructor(weights: readonly number[], ids: readonly string[] = []) {
    this.keys = weights.map((weight, index) => new ProviderKey(index, weight, ids[index] ?? String(index)));
  }

  /**
   * The key for a call. Where all are paused, the one with the shortest remaining pause, since one call has to probe. `waitMs`: how long a
   * key's rate limits have no room for the call.
   */
  take(nowMs: number, waitMs: (key: ProviderKey) => number = noWait): ProviderKey | undefined {
    const { keys } = this;
    let best = keys[0];
    if (keys.length < 2) return best;
    let bestMs = 0;
    for (let offset = 0; offset < keys.length; offset += 1) {
      const key = keys[(this.#next + offset) % keys.length] as ProviderKey;
      const keyMs = Math.max(key.restMs(nowMs), waitMs(key));
      if (offset > 0 && !(keyMs < bestMs || (keyMs === bestMs && isBusier(best as ProviderKey, key))))
        continue;
      best = key;
      bestMs = keyMs;
    }
    this.#next = ((best as ProviderKey).index + 1) % keys.length;
    return best;
  }

  /** Whether a key other than this is awake. */
  hasOther(than: ProviderKey | undefined, nowMs: number): boolean {
    return this.keys.some((key) => key !== than && key.restMs(nowMs) === 0);
  }
}

const noWait = (): number => 0;

const isBusier = (one: ProviderKey, other: ProviderKey): boolean =>
  (one.inFlight + 1) / one.weight > (other.inFlight + 1) / other.weight;
