import type { Finding } from '../detectors/finding.js';
import type { Subject } from '../features/subject.js';
import type { Action } from './policy.js';

/**
 * The outcome of a step: `applied`; `shadow`: would have been; `withheld`: it would have exceeded the blast radius, and waits for
 * `watch.confirm(id)`; `done-already`: an operator or another process has already switched it off, or has rotated the key; `failed`: the
 * store did not accept it, the next finding tries again; `undelivered`: a key was rotated, and the new one could not be delivered to its
 * owner.
 */
export type MitigationOutcome = 'applied' | 'shadow' | 'withheld' | 'done-already' | 'failed' | 'undelivered';

/** One line of the audit trail. */
export interface Mitigation {
  /** UUIDv7. */
  readonly id: string;
  readonly atMs: number;
  readonly action: Action;
  /** Whom it hits. */
  readonly target: Subject;
  /** When it ends by itself, ms since the epoch. */
  readonly untilMs: number;
  readonly outcome: MitigationOutcome;
  /** Why. */
  readonly finding: Finding;
}

/** The reason in one line: the finding, its subject, and the strongest feature. */
export function reasonOf({ detector, score, features, subject }: Finding): string {
  const [first] = features;
  const what = first ? `: ${first.feature} ${plain(first.seen)} instead of ${plain(first.expected)}` : '';
  const whom = subject.kind === 'global' ? 'all together' : `${subject.kind} ${subject.name}`;
  return `${detector} of ${whom}, score ${score.toFixed(1)}${what}`.slice(0, 1_000);
}

const plain = (value: number): string => String(Number(value.toPrecision(3)));
