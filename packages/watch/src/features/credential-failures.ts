import { RollingSum } from '../statistics/rolling-sum.js';
import { RecentNames } from './recent-names.js';

const minuteMs = 60_000;

/** Facts about one network's credentials; only keyed digests of them are kept. */
export class CredentialFailures {
  /** Different credentials that failed. */
  readonly fast = new RecentNames(10 * minuteMs, 64);
  readonly slow = new RecentNames(24 * 60 * minuteMs, 64);
  readonly failures = new RollingSum(24 * 60 * minuteMs);
  readonly successes = new RollingSum(24 * 60 * minuteMs);

  fail(nowMs: number, digest: string): void {
    this.fast.add(nowMs, digest);
    this.slow.add(nowMs, digest);
    this.failures.add(nowMs, 1);
  }
}
