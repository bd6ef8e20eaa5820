import { networkOf } from './network.js';

/** How failed credentials are limited. */
export interface FailureLimit {
  /** Wrong credentials that a network may send within a window before it is slowed down. Positive integer. @defaultValue 30 */
  max?: number | undefined;
  /**
   * Credentials of a network past `max` that are verified a second, so that its good ones still get in; the rest is answered 503. Positive
   * integer. @defaultValue 10
   */
  verifiedPerSecond?: number | undefined;
  /** Length of a window, which begins with the first failure, in milliseconds. Positive integer. @defaultValue 60_000 (1 minute) */
  windowMs?: number | undefined;
  /** Length of the prefix that makes an IPv6 network, in bits, 32 to 128. An IPv4 network is one address. @defaultValue 56 */
  ipv6Subnet?: number | undefined;
  /** Networks counted at once. Positive integer. Past it, further networks share one counter. @defaultValue 10_000 */
  maxNetworks?: number | undefined;
}

interface Counter {
  failures: number;
  /** Verifications under way. */
  pending: number;
  /** When the window ends, ms since the epoch; it begins with the first failure. */
  endMs: number;
  waiting: (() => void)[];
  /** A bucket for verifications past the limit: how many it held at `leftAtMs`, ms since the epoch. */
  left: number;
  leftAtMs: number;
}

/** Leave to verify one credential. */
export interface Leave {
  /** `Retry-After` of a wrong credential past the limit, in milliseconds. Absent within the limit. */
  readonly refuseForMs?: number | undefined;
  /** To be called once, with the outcome. */
  done(failed: boolean): void;
}

const maxWaiting = 1_000;
const scanned = 32;

/**
 * Counts failed credentials by network. Verifications that are under way count as if they would fail, and the rest wait for
 * them: however many arrive at once, no more than `max` wrong ones per window reach a store, and `verifiedPerSecond` past that. A good one is
 * not refused for wrong ones of its network.
 */
export class FailedCredentials {
  readonly #counters = new Map<string, Counter>();
  readonly #overflow: Counter = newCounter();
  readonly #limit: Required<{ [Name in keyof FailureLimit]: number }>;

  constructor(
    limit: FailureLimit,
    private readonly now: () => number,
  ) {
    this.#limit = {
      max: limit.max ?? 30,
      verifiedPerSecond: limit.verifiedPerSecond ?? 10,
      windowMs: limit.windowMs ?? 60_000,
      ipv6Subnet: limit.ipv6Subnet ?? 56,
      maxNetworks: limit.maxNetworks ?? 10_000,
    };
  }

  get size(): number {
    return this.#counters.size;
  }

  /** Waits for leave to verify a credential; `undefined` while too many of the network are verified already. */
  async enter(address: string | undefined): Promise<Leave | undefined> {
    const network = networkOf(address, this.#limit.ipv6Subnet);
    for (;;) {
      const counter = this.#counterOf(network);
      if (counter.failures >= this.#limit.max) return this.#pastLimit(counter);
      if (counter.failures + counter.pending < this.#limit.max) {
        counter.pending += 1;
        return { done: (failed) => this.#leave(network, counter, failed) };
      }
      if (counter.waiting.length >= maxWaiting) return undefined;
      await new Promise<void>((resolve) => counter.waiting.push(resolve));
    }
  }

  #pastLimit(counter: Counter): Leave | undefined {
    const { verifiedPerSecond } = this.#limit;
    const nowMs = this.now();
    const passedMs = Math.max(0, nowMs - counter.leftAtMs);
    counter.left = Math.min(verifiedPerSecond, counter.left + (passedMs * verifiedPerSecond) / 1_000);
    counter.leftAtMs = nowMs;
    if (counter.left < 1) return undefined;
    counter.left -= 1;
    return { refuseForMs: Math.max(1, counter.endMs - nowMs), done: () => undefined };
  }

  #leave(network: string, counter: Counter, failed: boolean): void {
    counter.pending -= 1;
    if (failed) {
      if (counter.failures === 0) counter.endMs = this.now() + this.#limit.windowMs;
      counter.failures += 1;
    }
    const woken =
      counter.failures >= this.#limit.max ? counter.waiting.splice(0) : counter.waiting.splice(0, 1);
    for (const wake of woken) wake();
    if (counter.failures === 0 && counter.pending === 0 && woken.length === 0) this.#counters.delete(network);
  }

  #counterOf(network: string): Counter {
    const counter = this.#counters.get(network) ?? this.#addedCounter(network);
    if (counter.failures > 0 && this.now() >= counter.endMs) counter.failures = 0;
    return counter;
  }

  #addedCounter(network: string): Counter {
    if (this.#counters.size >= this.#limit.maxNetworks && !this.#madeRoom()) return this.#overflow;
    const counter = newCounter();
    this.#counters.set(network, counter);
    return counter;
  }

  /** Drops an old counter; never one that is refusing, or an attacker could wash its own away with many networks. */
  #madeRoom(): boolean {
    let looked = 0;
    for (const [network, counter] of this.#counters) {
      const busy = counter.pending > 0 || counter.waiting.length > 0;
      const refusing = counter.failures >= this.#limit.max && this.now() < counter.endMs;
      this.#counters.delete(network);
      if (!busy && !refusing) return true;
      this.#counters.set(network, counter);
      looked += 1;
      if (looked === scanned) return false;
    }
    return false;
  }
}

function newCounter(): Counter {
  return { failures: 0, pending: 0, endMs: 0, waiting: [], left: Infinity, leftAtMs: 0 };
}
