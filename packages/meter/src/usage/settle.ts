import type { Usage } from '@tollgate/core';
import type { Settlement, UsageCeiling } from '@tollgate/core/internal';
import { completed, type ReportedUsage } from '@tollgate/wire/internal';

/** The facts about an attempt at its end. */
export interface SettleFacts {
  /** The request left this process. */
  readonly sent: boolean;
  /** The provider's status; 0 when it answered nothing. */
  readonly status: number;
  /** The answer is whole: its last event, or its whole body, was seen. */
  readonly finished: boolean;
  /** Bytes of output text seen: never fewer than its tokens. */
  readonly seenBytes: number;
  /** About how many tokens that is. */
  readonly seenTokens: number;
  /** How many tokens it is at most: counted with the model's tokenizer, or its bytes. */
  readonly mostTokens: number;
  /** Chat streams: events that held text, and the bytes of their text; 0 elsewhere. */
  readonly textEvents: number;
  readonly textBytes: number;
  readonly reported: ReportedUsage | undefined;
  /** Service tier of the response. */
  readonly tier: string | undefined;
  /** Bounds of the call: its highest usage, and the cost of that. */
  readonly bound: {
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly costNanoUsd: number;
  };
  /** The model shows every output token that it bills. */
  readonly visible: boolean;
  /** The provider stops generating when its connection is aborted. */
  readonly stopsAtAbort: boolean;
  /** Milliseconds since the first output was seen; 0 before. */
  readonly outputForMs: number;
}

/** An attempt's usage, and whether it is certain. */
export interface SettledUsage {
  readonly usage: Usage;
  readonly uncertain: boolean;
  /** Output tokens that the provider may bill at most; `undefined`: the usage is final. `held`: all that was held. */
  readonly unseen?: number | 'held' | undefined;
}

const nothingReported: ReportedUsage = {
  inputTokens: undefined,
  outputTokens: undefined,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  reasoningTokens: 0,
  inputAudioTokens: 0,
  outputAudioTokens: 0,
  toolRequests: {},
  tier: undefined,
  suspicious: false,
};

/** Output that a provider generates after an abort until it stops: at least this many tokens, or those of this time at the rate seen. */
const tokensAfterAbort = 64;
const msAfterAbort = 2_000;

/**
 * An attempt's usage, by the facts about it. Never sent, or answered with an error or a redirect: nothing. A whole response with its usage:
 * the reported usage, an explicit zero included. Otherwise the end is unknown. The estimate is then the input bound and the larger of the
 * output seen and the output last reported. The ceiling is the whole amount held, or, for a visible model at a provider that stops when it
 * is aborted, the output seen plus the output until it has stopped. For a visible model's whole response without usage, the output seen is
 * all. Output seen is capped at the bound, unless the provider does not obey the cap. A figure that is no count is replaced by the same
 * rule; an implausible one is capped at the bound.
 */
export function settledUsage(facts: SettleFacts): SettledUsage {
  const { bound, status } = facts;
  const tier = facts.reported?.tier ?? facts.tier;
  const usage: ReportedUsage = { ...(facts.reported ?? nothingReported), tier };
  if (!facts.sent || status >= 300) {
    return { usage: completed({ ...nothingReported, tier }, noTokens, 'provider'), uncertain: false };
  }
  const seen = seenOf(facts);
  const missing = { inputTokens: bound.inputTokens, outputTokens: seen };
  const unseen = unseenOf(facts);
  if (status === 0 || !facts.reported) {
    return { usage: completed(usage, missing, 'estimated'), uncertain: true, unseen };
  }
  const sane = usage.suspicious ? withinBound(usage, bound, seen) : usage;
  const complete = sane.inputTokens !== undefined && sane.outputTokens !== undefined;
  if (facts.finished) {
    const uncertain = usage.suspicious || !complete;
    return {
      usage: completed(sane, missing, complete ? 'provider' : 'estimated'),
      uncertain,
      unseen: uncertain ? unseen : undefined,
    };
  }
  const outputTokens = Math.max(sane.outputTokens ?? 0, seen);
  return { usage: completed({ ...sane, outputTokens }, missing, 'estimated'), uncertain: true, unseen };
}

/**
 * Output tokens seen. For a response that was cut short it is the estimate, which tenants are billed; counters are also charged the amount
 * that may be billed beyond it. For a complete response nothing is charged beyond, so each byte counts as a token.
 */
function seenOf(facts: SettleFacts): number {
  const { finished, seenBytes, seenTokens, textBytes, bound } = facts;
  if (ignoresCap(facts)) return textBytes;
  return Math.min(finished ? seenBytes : seenTokens, bound.outputTokens);
}

/** Output that may be billed of an attempt whose usage is unknown. */
function unseenOf(facts: SettleFacts): number | 'held' | undefined {
  if (!facts.visible) return 'held';
  if (facts.finished) return undefined;
  if (!facts.stopsAtAbort) return 'held';
  // Counters are bounds: an adversarial text has three times the tokens that its shape suggests.
  const most = ignoresCap(facts) ? facts.textBytes : Math.min(facts.mostTokens, facts.bound.outputTokens);
  const perMs = facts.outputForMs > 0 ? seenOf(facts) / facts.outputForMs : 0;
  return most + Math.max(tokensAfterAbort, Math.ceil(perMs * msAfterAbort));
}

/**
 * Whether there was more text than this cap allows: more than two events or 32 bytes for each token. No language has 32 bytes per
 * token on average, not even escaped as `\uXXXX`. The 16 events and 512 bytes on top are for short answers, which may be unusual.
 */
function ignoresCap({ textEvents, textBytes, bound: { outputTokens } }: SettleFacts): boolean {
  return (
    textBytes > outputTokens && (textEvents > 2 * outputTokens + 16 || textBytes > 32 * outputTokens + 512)
  );
}

const noTokens = { inputTokens: 0, outputTokens: 0 };

function withinBound(usage: ReportedUsage, bound: SettleFacts['bound'], seen: number): ReportedUsage {
  const { inputTokens, outputTokens } = usage;
  return {
    ...usage,
    inputTokens: inputTokens === undefined ? undefined : Math.min(inputTokens, bound.inputTokens),
    outputTokens:
      outputTokens === undefined ? undefined : Math.min(outputTokens, Math.max(bound.outputTokens, seen)),
    cachedInputTokens: inputTokens === undefined ? 0 : Math.min(usage.cachedInputTokens, bound.inputTokens),
  };
}

/** How a settlement's price is found: nano-dollars of a usage, and the version of the prices that it was made with. */
export interface UsagePrice {
  readonly costNanoUsd: number;
  readonly priceVersion: string;
}

/** The settlement of an attempt: its usage, priced. */
export function settle(facts: SettleFacts, priceOf: (usage: Usage) => UsagePrice): Settlement {
  const { usage, uncertain, unseen } = settledUsage(facts);
  const price = priceOf(usage);
  if (unseen === undefined) return { usage, uncertain, ...price };
  return { usage, uncertain, ...price, ceiling: ceilingOf(facts, usage, price, unseen, priceOf) };
}

function ceilingOf(
  { bound }: SettleFacts,
  usage: Usage,
  { costNanoUsd }: UsagePrice,
  unseen: number | 'held',
  priceOf: (usage: Usage) => UsagePrice,
): UsageCeiling {
  const inputTokens = Math.max(bound.inputTokens, usage.inputTokens);
  if (unseen === 'held') {
    const outputTokens = Math.max(bound.outputTokens, usage.outputTokens);
    return {
      inputTokens,
      outputTokens,
      costNanoUsd: Math.max(bound.costNanoUsd, costNanoUsd),
      upToHold: true,
    };
  }
  const outputTokens = Math.max(usage.outputTokens, Math.min(unseen, bound.outputTokens));
  const most = Math.min(priceOf({ ...usage, inputTokens, outputTokens }).costNanoUsd, bound.costNanoUsd);
  return { inputTokens, outputTokens, costNanoUsd: Math.max(most, costNanoUsd), upToHold: false };
}
