import type { Finding } from '../detectors/finding.js';
import type { Subject } from '../features/subject.js';
import type { Action } from './policy.js';

/**
 * What became of a step: `applied`; `dry-run`: would have been; `withheld`: it would have gone beyond the blast radius, and waits for
 * `watch.confirm(id)`; `off-already`: somebody else has switched it off; `failed`: the store did not take it, the next finding tries again.
 */
export type MeasureOutcome = 'applied' | 'dry-run' | 'withheld' | 'off-already' | 'failed';

/** One line of the audit trail. */
export interface Measure {
  /** UUIDv7. */
  readonly id: string;
  readonly atMs: number;
  readonly action: Action;
  /** Whom it hits. */
  readonly target: Subject;
  /** When it ends by itself, ms since the epoch. */
  readonly untilMs: number;
  readonly outcome: MeasureOutcome;
  /** Why. */
  readonly finding: Finding;
}
