/** A value compared with its usual one. */
export interface Deviation {
  readonly expected: number;
  readonly seen: number;
  /** Robust z-score of the logarithm: (ln seen − ln expected) / deviation, less where few events may be chance. */
  readonly score: number;
}

/** Bounds of a baseline. */
export interface BaselineSettings {
  /** Stretches that must have passed before. */
  readonly minimumWindows: number;
  /** Stretches remembered. */
  readonly capacity: number;
  /** The least spread that is assumed, as a logarithm: with 0.35, 42 % more is one deviation. */
  readonly leastDeviation: number;
}
