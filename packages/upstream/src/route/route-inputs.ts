/** The state of one model at one provider when a request is routed. Unknown figures are `null`, so that the log contains them. */
export interface RouteCandidate {
  /** `provider/model`. */
  readonly target: string;
  /** How good its answers to this task are, 0 to 1, as the app declares it. */
  readonly quality: number;
  /** The caller may use it. */
  readonly allowed: boolean;
  /** Its provider takes the format of the request, translated if need be. */
  readonly takes: boolean;
  /** Price of the expected tokens, in nano-dollars; `null`: it has no price. */
  readonly costNanoUsd: number | null;
  /** Median time to the first token of its latest responses, in milliseconds. */
  readonly firstTokenP50Ms: number | null;
  /** 19 of 20 of them did. */
  readonly firstTokenP95Ms: number | null;
  readonly tokensPerSecond: number | null;
  /** From its breaker and its provider's status. */
  readonly health: 'up' | 'slow' | 'down';
  /** The rate limits that its provider has last reported leave room for the request. */
  readonly hasRoom: boolean;
  /** Its share, where the task splits its requests; 0: none. */
  readonly weight: number;
}

/** All that a decision depends on: the same inputs give the same decision, whenever and wherever. */
export interface RouteInputs {
  readonly task: string;
  /** Who named the task. */
  readonly taskBy: 'route' | 'label' | 'header' | 'classifier' | 'default';
  /** No answer of less quality is acceptable. */
  readonly quality: number;
  /** Required 95th percentile of the time to the first token, in milliseconds; `null`: none. */
  readonly firstTokenMs: number | null;
  /** The highest expected cost of the response, in nano-dollars; `null`: none. */
  readonly maxCostNanoUsd: number | null;
  /** Expected. */
  readonly inputTokens: number;
  /** Expected. */
  readonly outputTokens: number;
  /** The value of a second of waiting, in nano-dollars. */
  readonly nanoUsdPerSecond: number;
  readonly candidates: readonly RouteCandidate[];
  readonly canary: { readonly target: string; readonly share: number } | null;
  /** Where the caller, or the conversation, was sent before. */
  readonly stuckTo: string | null;
  /** The chance of this request, in [0, 1): drawn, or made of whom it sticks to. */
  readonly draw: number;
}

/** Why the first is the first. */
export type RouteWhy = 'cheapest' | 'canary' | 'weight' | 'sticky';

/** Why a model cannot be chosen. */
export type RouteExclusion = 'not-allowed' | 'other-format' | 'below-quality' | 'no-price';

/** The decision. */
export interface RouteDecision {
  /** Targets, the best first; the others take its place where it fails. Empty: none can answer. */
  readonly ranked: readonly string[];
  readonly why: RouteWhy;
  /** Those that cannot be chosen at all. */
  readonly excluded: Readonly<Record<string, RouteExclusion>>;
}
