import type { SeenSubject, Subject } from './subject.js';

/** Who spent how much of a subject's money within the last hour or two. */
export interface Contributor {
  readonly kind: Subject['kind'];
  readonly name: string;
  /** Share of the subject's spend, 0 to 1. */
  readonly share: number;
}

const hourMs = 3_600_000;
/** Names remembered for each subject; later ones are not named until the next hour. */
const mostNames = 24;

/** Which keys, models and features a subject's money went to. */
export class Contributors {
  #spent = new Map<string, { readonly subject: Subject; usd: number }>();
  #total = 0;
  #sinceMs = Number.NEGATIVE_INFINITY;

  add(nowMs: number, subjects: readonly SeenSubject[], usd: number): void {
    if (nowMs - this.#sinceMs > 2 * hourMs) this.#begin(nowMs, 0);
    else if (nowMs - this.#sinceMs > hourMs) this.#begin(nowMs, 0.1);
    this.#total += usd;
    for (const { subject, key } of subjects) {
      if (subject.kind !== 'key' && subject.kind !== 'model' && subject.kind !== 'feature') continue;
      const entry = this.#spent.get(key);
      if (entry) entry.usd += usd;
      else if (this.#spent.size < mostNames) this.#spent.set(key, { subject, usd });
    }
  }

  /** The greatest first. */
  top(count = 3): Contributor[] {
    if (this.#total <= 0) return [];
    return [...this.#spent.values()]
      .sort((one, other) => other.usd - one.usd)
      .slice(0, count)
      .map(({ subject: { kind, name }, usd }) => ({ kind, name, share: usd / this.#total }));
  }

  /** A new hour, with so much of the last one carried over. */
  #begin(nowMs: number, carried: number): void {
    const kept = [...this.#spent].filter(([, { usd }]) => carried > 0 && usd >= this.#total / mostNames);
    this.#spent = new Map(kept.map(([key, { subject, usd }]) => [key, { subject, usd: usd * carried }]));
    this.#total *= carried;
    this.#sinceMs = nowMs;
  }
}
