import { RollingSum } from '../statistics/rolling-sum.js';
import { RecentNames } from './recent-names.js';

const minuteMs = 60_000;
/** A credential that has failed for longer is no new one, in ms. */
const forgottenAfterMs = 20 * 60 * minuteMs;
/** Credentials of a network whose first failure is remembered. */
const mostRemembered = 128;

/** Facts about one network's credentials; only keyed digests of them are kept. */
export class CredentialFailures {
  /** Different credentials that failed. */
  readonly fast = new RecentNames(10 * minuteMs, 64);
  readonly slow = new RecentNames(24 * 60 * minuteMs, 64);
  /** When each was seen first. */
  readonly #firstMs = new Map<string, number>();
  readonly failures = new RollingSum(24 * 60 * minuteMs);
  readonly successes = new RollingSum(24 * 60 * minuteMs);

  fail(nowMs: number, digest: string): void {
    const firstMs = this.#firstMs.get(digest);
    if (firstMs === undefined) this.#remember(digest, nowMs);
    this.failures.add(nowMs, 1);
    // Sent on an earlier day already: a forgotten key in some program, not a guess.
    if (firstMs !== undefined && nowMs - firstMs > forgottenAfterMs) return;
    this.fast.add(nowMs, digest);
    this.slow.add(nowMs, digest);
  }

  #remember(digest: string, nowMs: number): void {
    this.#firstMs.set(digest, nowMs);
    const [oldest] = this.#firstMs.keys();
    if (this.#firstMs.size > mostRemembered && oldest !== undefined) this.#firstMs.delete(oldest);
  }
}
