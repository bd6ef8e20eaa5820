import { Highs } from '../statistics/highs.js';
import { RollingSum } from '../statistics/rolling-sum.js';
import { Rhythm } from './rhythm.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Requests from which on their repetition is a figure. */
const leastRhythm = 12;
/** Of short sums: their right edge is exact to two minutes. */
const slots = 5;

/** The contribution of one event. */
export interface Addition {
  readonly usd: number;
  readonly tokens: number;
  readonly outputTokens: number;
  readonly print: string | undefined;
  readonly failed: boolean;
}

/** How a key's requests follow each other, how alike they are, and how they end. */
export class KeyConduct {
  readonly rhythm = new Rhythm();
  /** The share of repeated prompts, 0 to 1. */
  readonly repetition = new Highs();
  readonly refusals = new RollingSum(10 * minuteMs, slots);
  readonly promptRefusals = new RollingSum(10 * minuteMs, slots);
  readonly attempts = new RollingSum(10 * minuteMs, slots);
  readonly errors = new RollingSum(10 * minuteMs, slots);
  readonly tokens = new RollingSum(hourMs, slots);
  readonly outputTokens = new RollingSum(hourMs, slots);

  add(nowMs: number, { tokens, outputTokens, print, failed }: Addition): void {
    this.attempts.add(nowMs, 1);
    this.tokens.add(nowMs, tokens);
    this.outputTokens.add(nowMs, outputTokens);
    if (failed) this.errors.add(nowMs, 1);
    this.rhythm.add(nowMs, print);
    const { repetition } = this.rhythm;
    if (repetition !== undefined && this.rhythm.size >= leastRhythm) this.repetition.see(nowMs, repetition);
  }
}
