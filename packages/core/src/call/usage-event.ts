/** How an attempt ended. */
export type AttemptOutcome = 'ok' | 'error' | 'aborted' | 'budget_stopped';

/** The amount that one attempt took from one counter: enough to rebuild the counter from the ledger. */
export interface EventCharge {
  /** Key of the counter, see `counterOf`. */
  readonly counter: string;
  /** Id of the window that admitted it. */
  readonly window: string;
  /** In the counter's unit (nano-dollars for `usd`). Negative only in an adjustment. */
  readonly amount: number;
  /** The part of `amount` beyond the best estimate, where the end of the attempt is unknown. Absent: 0. Negative only in an adjustment. */
  readonly unresolved?: number | undefined;
}

/**
 * One settled attempt, as it is written to the ledger and to `usage.jsonl`. Fields are added by later versions, never renamed.
 * It holds ids and numbers, no prompt text.
 */
export interface UsageEvent {
  /** UUIDv7; the ledger's unique key, and its month derives from it. */
  readonly eventId: string;
  /** `adjustment`: a correction by the difference, signed. */
  readonly kind: 'usage' | 'adjustment';
  /** The event that this one corrects. */
  readonly adjusts?: string | undefined;
  readonly requestId: string;
  readonly callId: string;
  /** 1 for the first attempt of a call. */
  readonly attempt: number;
  /** ISO 8601: when the reservation was admitted, by the store's clock. */
  readonly admittedAt: string;
  /** ISO 8601: when the attempt was settled, by the store's clock, as far as it is known. */
  readonly time: string;
  readonly tenant: string;
  readonly team?: string | undefined;
  readonly user?: string | undefined;
  readonly keyId?: string | undefined;
  readonly plan: string;
  readonly route?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly provider: string;
  readonly requestedModel: string;
  /** The model that was dispatched and charged. */
  readonly model: string;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Token classes with a separate price, where there are any; see `Usage`. */
  readonly cacheWrite1hTokens?: number | undefined;
  readonly inputAudioTokens?: number | undefined;
  readonly outputAudioTokens?: number | undefined;
  readonly toolRequests?: Readonly<Record<string, number>> | undefined;
  /** Keyed hash of the prompt, the same for the same prompt of a tenant; only where the app enables it. The text cannot be recovered from it. */
  readonly promptHash?: string | undefined;
  readonly tier?: string | undefined;
  /** Decimal string of an integer number of nano-dollars: the cost, or its best estimate. Bills contain only this figure. */
  readonly costNanoUsd: string;
  /**
   * Decimal string of an integer number of nano-dollars: how much more than `costNanoUsd` the provider may bill, since the end of the
   * attempt is unknown. `"0"` where it is known; absent from events of versions before 0.2.
   */
  readonly unresolvedNanoUsd?: string | undefined;
  readonly priceVersion: string;
  readonly source: 'provider' | 'estimated';
  /** The usage is an estimate: the end of the attempt was not seen. An adjustment may follow. */
  readonly uncertain: boolean;
  /** The provider reported more than was held. */
  readonly overrun: boolean;
  readonly charges: readonly EventCharge[];
  /** HTTP status of the provider's answer; 0 when there was none. */
  readonly status: number;
  readonly outcome: AttemptOutcome;
  readonly stream: boolean;
  readonly latencyMs: number;
  readonly timeToFirstTokenMs?: number | undefined;
}

/** Takes usage events, e.g. into a file or a ledger. May be given an event twice (same `eventId`) after a fault. */
export interface UsageSink {
  write(event: UsageEvent): void | Promise<void>;
  /** Resolves when everything written so far is safe. */
  flush?(): Promise<void>;
  close?(): Promise<void>;
  /** `true` while it can keep hardly more: in strict mode, requests are refused before their events would be lost. */
  readonly isFull?: boolean;
}
