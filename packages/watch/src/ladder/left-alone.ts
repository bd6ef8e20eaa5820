import type { TakenBack } from '@tollgate/core/internal';
import type { Finding } from '../detectors/finding.js';
import { BoundedMap } from '../features/bounded-map.js';
import type { Mitigation } from './mitigation.js';
import { matterOf } from './narrowest.js';

/** An action that a person has taken back is not repeated for this long, or for as long as it would have lasted. */
const leastMs = 24 * 60 * 60_000;
/** Factor of the same figure, or, of another figure, rise of the score, from which it is repeated all the same. */
const muchMore = { times: 4, score: 3 } as const;

/** Decisions of persons against actions: findings of the same detector about the same target are only observed. */
export class LeftAlone {
  readonly #decisions: BoundedMap<TakenBack>;

  constructor(capacity: number) {
    this.#decisions = new BoundedMap(capacity);
  }

  /** A person takes an action of this process back. */
  takeBack({ finding, atMs, untilMs }: Mitigation, nowMs: number): TakenBack {
    const { score, features } = finding;
    const endMs = nowMs + Math.max(untilMs - atMs, leastMs);
    const takenBack = { matter: matterOf(finding), untilMs: endMs, score, features };
    this.learn(takenBack);
    return takenBack;
  }

  /** A person has taken an action back, here or in another process. */
  learn(takenBack: TakenBack): void {
    this.#decisions.set(takenBack.matter, takenBack);
  }

  /** Whether a finding is one that a person has decided about, and has not become much more since. */
  covers(finding: Finding): boolean {
    const takenBack = this.#decisions.peek(matterOf(finding));
    return takenBack !== undefined && takenBack.untilMs > finding.atMs && !isMuchMore(finding, takenBack);
  }
}

export function isMuchMore({ features: [now], score }: Finding, before: TakenBack): boolean {
  const then = before.features.find(({ feature }) => feature === now?.feature);
  return now && then ? now.seen >= muchMore.times * then.seen : score >= before.score + muchMore.score;
}
