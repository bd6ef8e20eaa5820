import type { Contributor } from '../features/contributors.js';
import type { Subject } from '../features/subject.js';

/** The names of the built-in detectors. */
export const detectorNames = Object.freeze([
  'spend',
  'cost',
  'burn-rate',
  'agent-loop',
  'scraping',
  'quota-probing',
  'prompt-probing',
  'key-sharing',
  'new-network',
  'slow-rise',
  'credential-stuffing',
  'unusual',
] as const);
export type DetectorName = (typeof detectorNames)[number];
/** A built-in detector, or one of the app's `detectors`. */
export type AnyDetectorName = DetectorName | (string & {});

/** One feature that a finding rests on. */
export interface FeatureSeen {
  readonly feature: string;
  /** The usual value, or the bound. */
  readonly expected: number;
  readonly seen: number;
}

/** Something unusual, and why it is thought so. */
export interface Finding {
  readonly detector: AnyDetectorName;
  readonly subject: Subject;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /**
   * The strength of the finding: about 4 is worth a look, 6 is strong, 8 and above needs immediate attention. For the statistics, a robust
   * z-score.
   */
  readonly score: number;
  /** The strongest first. */
  readonly features: readonly FeatureSeen[];
  /** Whose doing it is, the greatest first. */
  readonly contributors: readonly Contributor[];
  /** US dollars an hour that the subject spends now above its habit, by the last five minutes; of findings about usage only. */
  readonly usdPerHour?: number | undefined;
  /** When the cap will be reached, ms since the epoch, with the nights and weekends until then; of `burn-rate` only. */
  readonly reachedAtMs?: number | undefined;
  /** It may be so much sooner or later, about two times of three, in ms. */
  readonly reachedWithinMs?: number | undefined;
}

/** A detector's finding, before its time and subject are added. */
export type Suspicion = Pick<
  Finding,
  'detector' | 'score' | 'features' | 'reachedAtMs' | 'reachedWithinMs' | 'usdPerHour'
>;
