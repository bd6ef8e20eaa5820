import { LatencySample } from '../resilience/latency-sample.js';
import type { AnswerSeen } from './answer-seen.js';

/** What is known longer than this is forgotten: a model that was slow gets another chance. */
const memoryMs = 300_000;
/** The share of the latest answer in the average speed. */
const latestShare = 0.2;

/** How fast one model at one provider has been of late. */
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

  /** Half of the latest answers began within so many milliseconds; `undefined` before 20 were seen. */
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
