import { Highs } from '../statistics/highs.js';
import { RollingSum } from '../statistics/rolling-sum.js';
import { Rhythm } from './rhythm.js';
import { StepsTaken } from './steps-taken.js';

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
  readonly route: string | undefined;
  readonly model: string;
}

/** Requests of the last ten minutes that did not succeed. */
class Failures {
  readonly refusals = new RollingSum(10 * minuteMs, slots);
  readonly promptRefusals = new RollingSum(10 * minuteMs, slots);
  readonly errors = new RollingSum(10 * minuteMs, slots);
}

/** How a key's requests follow each other, how alike they are, and how they end. */
export class KeyConduct {
  readonly rhythm = new Rhythm();
  readonly steps = new StepsTaken();
  /** The share of repeated prompts, 0 to 1. */
  readonly repetition = new Highs();
  readonly attempts = new RollingSum(10 * minuteMs, slots);
  readonly tokens = new RollingSum(hourMs, slots);
  readonly outputTokens = new RollingSum(hourMs, slots);
  /** From the first one on: most keys have none. */
  #failures: Failures | undefined;

  /** Requests within ten minutes that were refused for a limit, refused for their prompt, or failed at the provider. */
  failed(nowMs: number, which: keyof Failures): number {
    return this.#failures?.[which].sum(nowMs) ?? 0;
  }

  fail(nowMs: number, which: keyof Failures): void {
    this.#failures ??= new Failures();
    this.#failures[which].add(nowMs, 1);
  }

  add(nowMs: number, { tokens, outputTokens, print, failed, route, model }: Addition): void {
    this.attempts.add(nowMs, 1);
    this.tokens.add(nowMs, tokens);
    this.outputTokens.add(nowMs, outputTokens);
    if (failed) this.fail(nowMs, 'errors');
    this.rhythm.add(nowMs, print);
    this.steps.add(route, model);
    const { repetition } = this.rhythm;
    if (repetition !== undefined && this.rhythm.size >= leastRhythm) this.repetition.see(nowMs, repetition);
  }
}
