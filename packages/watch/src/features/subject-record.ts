import { Ewma } from '../statistics/ewma.js';
import { LevelBaseline } from '../statistics/level-baseline.js';
import { type BaselineSettings, RateBaseline } from '../statistics/rate-baseline.js';
import { RollingSum } from '../statistics/rolling-sum.js';
import { SeasonalProfile } from '../statistics/seasonal-profile.js';
import { Contributors } from './contributors.js';
import { RecentNames } from './recent-names.js';
import { Rhythm } from './rhythm.js';
import type { Subject } from './subject.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const minutely: BaselineSettings = { minimumWindows: 24, capacity: 128, leastDeviation: 0.35 };
const short: BaselineSettings = { minimumWindows: 24, capacity: 128, leastDeviation: 0.5, knowsHabits: true };
const hourly: BaselineSettings = {
  minimumWindows: 36,
  capacity: 168,
  leastDeviation: 0.5,
  knowsHabits: true,
};
const daily: BaselineSettings = { minimumWindows: 7, capacity: 28, leastDeviation: 0.5 };
/** The number of requests over which the mean cost of a request is taken. */
const requestsRemembered = 500;
/** Requests arrive in conversations: chance is computed for groups of this many. */
const clumping = 2;

/** A sum over one horizon and its usual value. */
export interface Horizon {
  readonly lengthMs: number;
  readonly sum: RollingSum;
  readonly baseline: RateBaseline;
}

/** The contribution of one event. */
export interface Addition {
  readonly usd: number;
  readonly tokens: number;
  readonly outputTokens: number;
  readonly print: string | undefined;
  readonly failed: boolean;
}

/** The record of one subject: rolling sums, their usual values, and the rhythm of its latest requests. */
export class SubjectRecord {
  readonly contributors = new Contributors();
  readonly rhythm = new Rhythm();
  readonly costs: LevelBaseline;
  readonly spend: readonly Horizon[];
  readonly requests: readonly Horizon[];
  readonly refusals = new RollingSum(10 * minuteMs);
  readonly promptRefusals = new RollingSum(10 * minuteMs);
  readonly attempts = new RollingSum(10 * minuteMs);
  readonly errors = new RollingSum(10 * minuteMs);
  readonly tokens = new RollingSum(hourMs);
  readonly outputTokens = new RollingSum(hourMs);
  readonly networks = new RecentNames(10 * minuteMs, 256);
  readonly #season = new SeasonalProfile();
  readonly #usdEach = new Ewma(requestsRemembered);
  readonly #usdSquared = new Ewma(requestsRemembered);
  #hour = Number.NaN;
  #hourUsd = 0;
  lastSeenMs = 0;

  constructor(readonly subject: Subject) {
    const ofModel = subject.kind === 'model';
    this.costs = new LevelBaseline({
      minimumWindows: 12,
      capacity: 168,
      leastDeviation: ofModel ? 0.1 : 0.15,
    });
    this.spend = [
      horizon(5 * minuteMs, short, this.#season),
      horizon(hourMs, hourly, this.#season),
      horizon(dayMs, daily),
    ];
    this.requests = [horizon(minuteMs, minutely, this.#season)];
  }

  /** The unit of chance in the spending, for {@link RateBaseline.compare}: variance over mean of a sum of unequal parts. */
  get usdUnit(): number {
    const { mean } = this.#usdEach;
    return mean > 0 ? (clumping * this.#usdSquared.mean) / mean : 0;
  }

  add(nowMs: number, { usd, tokens, outputTokens, print, failed }: Addition): void {
    this.#passHours(nowMs, usd);
    this.lastSeenMs = Math.max(this.lastSeenMs, nowMs);
    for (const { sum, baseline } of this.spend) {
      baseline.add(nowMs, usd);
      sum.add(nowMs, usd);
    }
    for (const { sum, baseline } of this.requests) {
      baseline.add(nowMs, 1);
      sum.add(nowMs, 1);
    }
    this.#usdEach.add(usd);
    this.#usdSquared.add(usd * usd);
    this.attempts.add(nowMs, 1);
    this.tokens.add(nowMs, tokens);
    this.outputTokens.add(nowMs, outputTokens);
    if (failed) this.errors.add(nowMs, 1);
    this.rhythm.add(nowMs, print);
    // a model's price shows per token; for other subjects the cost per request counts
    this.costs.add(nowMs, this.subject.kind === 'model' ? (tokens > 0 ? usd / tokens : 0) : usd);
  }

  /** Ends an hour, and those that went by without anything, at most a week of them. */
  #passHours(nowMs: number, usd: number): void {
    const hour = Math.floor(nowMs / hourMs);
    if (!(hour <= this.#hour)) {
      if (!Number.isNaN(this.#hour)) this.#season.add(this.#hour * hourMs, this.#hourUsd);
      for (let idle = Math.max(this.#hour + 1, hour - 168); idle < hour; idle += 1) {
        this.#season.add(idle * hourMs, 0);
      }
      this.#hour = hour;
      this.#hourUsd = 0;
    }
    this.#hourUsd += usd;
  }
}

function horizon(lengthMs: number, settings: BaselineSettings, season?: SeasonalProfile): Horizon {
  return { lengthMs, sum: new RollingSum(lengthMs), baseline: new RateBaseline(lengthMs, settings, season) };
}
