import { LatencySample } from '../lib/latency-sample.js';
import type { AnswerSeen } from './answer-seen.js';

/** Measurements older than this are dropped, in ms: a model that was slow gets another chance. */
const memoryMs = 300_000;
/** The share of the latest answer in the average speed. */
const latestShare = 0.2;

/** The recent speed of one model at one provider. */
export class TargetRecord {
  #sample = new LatencySample();
  #tokensPerSecond: number | undefined;
  #latestMs = 0;

  add(
    { firstTokenMs, tokensPerSecond }: Pick<AnswerSeen, 'firstTokenMs' | 'tokensPerSecond'>,
    nowMs: number,
  ): void {
    this.#forget(nowMs);
    this.#latestMs = nowMs;
    if (firstTokenMs !== undefined) this.#sample.add(firstTokenMs);
    if (tokensPerSecond === undefined || !(tokensPerSecond > 0)) return;
    const before = this.#tokensPerSecond ?? tokensPerSecond;
    this.#tokensPerSecond = before + (tokensPerSecond - before) * latestShare;
  }

  /** Median time to the first token of the latest responses, in milliseconds; `undefined` before 20 were seen. */
  firstTokenP50Ms(nowMs: number): number | undefined {
    this.#forget(nowMs);
    return this.#sample.p50Ms;
  }

  firstTokenP95Ms(nowMs: number): number | undefined {
    this.#forget(nowMs);
    return this.#sample.p95Ms;
  }

  tokensPerSecond(nowMs: number): number | undefined {
    this.#forget(nowMs);
    return this.#tokensPerSecond;
  }

  #forget(nowMs: number): void {
    if (this.#latestMs === 0 || nowMs - this.#latestMs < memoryMs) return;
    this.#sample = new LatencySample();
    this.#tokensPerSecond = undefined;
    this.#latestMs = 0;
  }
}
