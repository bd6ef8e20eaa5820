/** One request, as a limit that adapts sees it. */
export interface Sample {
  /** How long it took, in ms. */
  readonly latencyMs: number;
  /** The provider or the handler failed: the latency does not show load. */
  readonly failed: boolean;
  /** How many were in flight when it was admitted, itself included. */
  readonly running: number;
}

/** How many requests may be in flight. */
export interface PermitLimit {
  /** Integer ≥ 1. */
  readonly value: number;
  /** One request has ended. Returns whether the limit has changed. */
  sample(sample: Sample, nowMs: number): boolean;
}

/** A constant limit. */
export function fixedLimit(value: number): PermitLimit {
  return { value, sample: () => false };
}
