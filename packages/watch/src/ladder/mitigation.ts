import type { FeatureSeen, Finding } from '../detectors/finding.js';
import type { Subject } from '../features/subject.js';
import type { Action } from './policy.js';

/**
 * The outcome of a step: `applied`; `shadow`: would have been; `withheld`: it would have exceeded the blast radius, or its rule asks a
 * person, and waits for `watch.confirm(id)`; `done-already`: an operator or another process has already switched it off, or has rotated the key; `failed`: the
 * store did not accept it, the next finding tries again; `undelivered`: a key was rotated, and the new one could not be delivered to its
 * owner; `undone`: a person has taken it back with `watch.undo(id)`.
 */
export type MitigationOutcome =
  | 'applied'
  | 'shadow'
  | 'withheld'
  | 'done-already'
  | 'failed'
  | 'undelivered'
  | 'undone';

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

/** The reason in one line: the finding, its subject, the strongest feature, and when a budget will be used up. */
export function reasonOf({
  detector,
  score,
  features,
  subject,
  reachedAtMs,
  reachedWithinMs = 0,
}: Finding): string {
  const [first] = features;
  const what = first ? `: ${comparisonOf(first)}` : '';
  const whom = subject.kind === 'global' ? 'all together' : `${subject.kind} ${subject.name}`;
  const end =
    reachedAtMs === undefined
      ? ''
      : `; budget used up on ${timeOf(reachedAtMs)} ± ${lengthOf(reachedWithinMs)}`;
  return `${detector} of ${whom}, score ${score.toFixed(1)}${what}${end}`.slice(0, 1_000);
}

/** `2026-11-27 14:00 UTC`. */
const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const hourMs = 3_600_000;
const lengthOf = (ms: number): string =>
  ms < 48 * hourMs ? `${Math.max(1, Math.round(ms / hourMs))} h` : `${Math.round(ms / (24 * hourMs))} days`;

/** `usdIn5Minutes` 4 and 0.25 are "$4 in 5 minutes instead of $0.25"; `requestsInAMinute` 60 and 2 "60 requests in a minute instead of 2". */
function comparisonOf({ feature, seen, expected }: FeatureSeen): string {
  const words = feature.replace(/([A-Z]|\d+)/g, ' $1').toLowerCase();
  const span = words.replace(/^usd /, '');
  return words === span
    ? `${plain(seen)} ${words} instead of ${plain(expected)}`
    : `$${plain(seen)} ${span} instead of $${plain(expected)}`;
}

const plain = (value: number): string => String(Number(value.toPrecision(3)));
