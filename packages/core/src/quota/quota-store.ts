import type { UsageEvent } from '../call/usage-event.js';
import type { Unit } from '../lib/unit.js';
import type { Window } from '../plans/window.js';

/** One counter and its cap. */
export interface QuotaCounter {
  /** Key of the counter, see `counterOf`; unlike any other tenant's. Always counted in the same kind of window. */
  readonly counter: string;
  readonly unit: Unit;
  /** The cap in force now, an integer ≥ 0 in the unit. For a token bucket, its burst. */
  readonly limit: number;
  readonly window: Window;
  /** Wider than a tenant (`global`, `route`, `model` alone): may live in another partition than the rest. */
  readonly wide: boolean;
  /** Counts, never refuses; only `onlyBelow` still chooses between alternatives. */
  readonly soft: boolean;
  /**
   * The limit's definition, see `definitionOf`, where the counter counts every call of its scope: a store with a ledger begins a window
   * that is older than the definition at what the scope has spent. Absent: every window begins at 0.
   */
  readonly definition?: string | undefined;
}

/** The amount requested from one counter. Two charges of one alternative on the same counter add up. */
export interface QuotaCharge extends QuotaCounter {
  /**
   * The amount to hold. 0 holds nothing and is refused only where `used` alone leaves nothing (in a `cover`, never: it stays within the
   * holds). For `concurrent` always 1; a lease counts there once for any number of requests. Integer ≥ 0.
   */
  readonly want: number;
  /** Accepts the remaining amount, at least this much, where `want` does not fit. Integer, 0 ≤ min ≤ want. Absent: `want` or nothing. */
  readonly min?: number | undefined;
  /**
   * This alternative applies only while (used + held) ÷ limit of this counter is below the share, 0 < share ≤ 1: while `used + held < share
   * × limit`, in double precision.
   */
  readonly onlyBelow?: number | undefined;
  /**
   * The attempt's charge here, as far as the lease holds it, if its end is not seen and no heartbeat has reported its possible cost.
   * Integer ≥ 0; absent: 0.
   */
  readonly floor?: number | undefined;
}

/** One way to admit a request: all of its charges or none. */
export interface QuotaAlternative {
  readonly charges: readonly QuotaCharge[];
  /** The usage event to write if the attempt's end is not seen, with the figures of `floor`. Absent: no attempt yet. */
  readonly event?: UsageEvent | undefined;
}

export interface ReserveRequest {
  /**
   * Reservation id, UUIDv7. While the lease lives, the same id again gives the same answer; once it has ended, a refusal `closed`.
   * A refused id is not remembered.
   */
  readonly id: string;
  /** The tenant: everything of one reservation, wide counters apart, lives in one partition. */
  readonly partition: string;
  /** Attempt whose end settles the reservation's first hold. Absent: none yet. */
  readonly attemptId?: string | undefined;
  /** In order of preference; the first that fits is taken. At least one. */
  readonly alternatives: readonly QuotaAlternative[];
  /** The lease is reaped after this long without a heartbeat. Milliseconds, 1 000 to 3 600 000. */
  readonly leaseMs: number;
}

/** An amount granted on one counter, and the window in which it counts permanently. */
export interface QuotaGrant {
  readonly counter: string;
  /** Id of the window; `bucket` and `live` for those that have none. */
  readonly window: string;
  /** Newly held by this operation. */
  readonly granted: number;
}

/**
 * The state of a counter. For a token bucket `used + held` is the amount drawn and not yet refilled: a hold refills from its admission on,
 * so `held` may be less than the amounts of the leases.
 */
export interface CounterState {
  readonly counter: string;
  readonly window: string;
  readonly unit: Unit;
  readonly limit: number;
  readonly used: number;
  readonly held: number;
  /** max(0, limit − used − held). */
  readonly left: number;
  /** When the window ends, or the bucket is full again; ms since the epoch. Absent for `concurrent`. */
  readonly resetsAtMs?: number | undefined;
}

/**
 * A share of a cap that `used` has reached for the first time in this window (of a bucket: since it was last full). Reported once, by
 * the operation that raised `used`; where a reaped lease did, by the next admitted or charged on that counter.
 */
export interface ThresholdCrossing {
  readonly counter: string;
  readonly window: string;
  readonly unit: Unit;
  readonly limit: number;
  readonly used: number;
  /** 0.5, 0.8 or 1, as the store is configured. */
  readonly threshold: number;
}

/**
 * Why a reservation was refused; a refusal changes nothing. `used`: time or a larger cap helps. `held`: others' live reservations
 * are in the way and may be given back any moment. `size`: more than the whole limit, never fits. `closed`: the id has ended.
 */
export interface QuotaRefusal {
  readonly blockedBy: 'used' | 'held' | 'size' | 'closed';
  /**
   * The binding counter, of the last alternative: of those that do not fit, one that never will (`size`) before one that is used up
   * before one that is only held; among those the one whose reset is latest, among equals the first.
   */
  readonly state?: CounterState | undefined;
  /** Position of the binding charge among the last alternative's charges. */
  readonly charge?: number | undefined;
  /**
   * After how long the same request would be admitted if nothing else happened: the longest wait among the counters that block in
   * the same way as the binding one. Exact for `used`; for `held` the time without anything given back. Absent for `size`,
   * `closed` and where only `concurrent` blocks.
   */
  readonly retryAfterMs?: number | undefined;
}

export type ReserveResult =
  | {
      readonly ok: true;
      /** Which alternative was taken. */
      readonly alternative: number;
      /** One for each charge of that alternative, in order. */
      readonly grants: readonly QuotaGrant[];
      /** The counters after it, in the same order. */
      readonly states: readonly CounterState[];
      readonly crossed: readonly ThresholdCrossing[];
      /** The store's clock, ms since the epoch. */
      readonly nowMs: number;
      readonly expiresAtMs: number;
    }
  | { readonly ok: false; readonly refusal: QuotaRefusal; readonly nowMs: number };

export interface ExtendRequest {
  readonly id: string;
  readonly partition: string;
  /** The reservation's lease, for its part in another partition. Milliseconds, 1 000 to 3 600 000. @defaultValue 60_000 */
  readonly leaseMs?: number | undefined;
  readonly charges: readonly QuotaCharge[];
  /** The declared attempt's event, as in {@link QuotaAlternative}, for a store that keeps charges in another partition with the event. */
  readonly event?: UsageEvent | undefined;
}

export interface CoverRequest {
  readonly id: string;
  readonly partition: string;
  /** The reservation's lease, for its part in another partition. Milliseconds, 1 000 to 3 600 000. @defaultValue 60_000 */
  readonly leaseMs?: number | undefined;
  readonly attemptId: string;
  /**
   * Each alternative's `want` is the amount needed beyond the reservation's unassigned one; 0 only registers the attempt, and is granted in
   * the window in which the reservation already holds that counter. Floors and event replace earlier ones of the attempt.
   */
  readonly alternatives: readonly QuotaAlternative[];
}

/** The actual usage of one attempt on one counter. */
export interface ChargeItem extends QuotaCounter {
  /** Id of the window that admitted it, from the grant. */
  readonly windowId: string;
  /** Integer ≥ 0. */
  readonly amount: number;
  /**
   * The attempt's part of the reservation's hold here, which is released; an amount above the hold releases all of it. Integer ≥ 0. For
   * `concurrent` nothing is released before the lease ends.
   */
  readonly release: number;
}

export interface ChargeRequest {
  readonly id: string;
  readonly partition: string;
  readonly attemptId: string;
  readonly items: readonly ChargeItem[];
  /** Written to the store's outbox with the counters, in one step. */
  readonly event: UsageEvent;
  /** Also {@link QuotaStore.close} in the same step. */
  readonly close: boolean;
}

export interface ChargeResult {
  /**
   * `adjusted`: the lease had been reaped, the difference was charged, and the store's own sinks get an event of kind `adjustment`
   * with signed differences. `repeated`: done before, nothing changed.
   */
  readonly outcome: 'charged' | 'adjusted' | 'repeated';
  /** The store delivers the event to its own sinks; the caller must not. */
  readonly recorded: boolean;
  readonly states: readonly CounterState[];
  readonly crossed: readonly ThresholdCrossing[];
}

/** A running attempt's possible cost by now, on every counter that it charges: it replaces floors and earlier heartbeats. */
export interface RunningCost {
  readonly attemptId: string;
  readonly items: readonly { readonly counter: string; readonly windowId: string; readonly amount: number }[];
  /** Replaces the lease's event skeleton. */
  readonly event: UsageEvent;
}

export interface RenewRequest {
  readonly id: string;
  readonly partition: string;
  readonly running: readonly RunningCost[];
}

export interface CloseRequest {
  readonly id: string;
  readonly partition: string;
}

/** A correction of charges, by an adjustment in the ledger. */
export interface AdjustRequest {
  /** Id of the adjustment, UUIDv7. While it is remembered, for two leases, the same id again changes nothing. */
  readonly id: string;
  readonly partition: string;
  /** By how much, in the windows that events name: negative amounts lower a counter. Integers. */
  readonly charges: readonly { readonly counter: string; readonly window: string; readonly amount: number }[];
  /**
   * Writes the adjustment to the ledger; resolves with whether it was new. Called once, before anything is changed: a counter that is
   * rebuilt from the ledger meanwhile already contains the adjustment, and is not changed.
   */
  readonly recorded: () => Promise<boolean>;
}

/**
 * Counters with leases: the quota engine. Every method is one step (all or nothing), idempotent on id, attempt and kind, and
 * throws or rejects only when the store itself fails; a refusal is a value. One in this process answers at once, without a promise,
 * where each request waits for it. Each implementation runs the contract suite of the testkit.
 */
export interface QuotaStore {
  /** Whether the store stops calling a failing server itself, separately for each server. @defaultValue false: its client does */
  readonly hasBreaker?: boolean;
  /**
   * When the server last carried out an operation in a partition, by `performance.now()`; `-Infinity`: not yet. A store in this process
   * lacks this method.
   */
  answeredMs?(partition: string): number;
  /**
   * Holds the first alternative that fits on every counter, as a lease. When the lease expires it is reaped: each attempt without a charge
   * is charged at its last heartbeat, or before the first at its floors, of which all attempts together take at most the lease's holds; its
   * event goes to the store's sinks, `uncertain` and with its `charges`, in which the part beyond the event's own figures is `unresolved`;
   * everything else is released.
   */
  reserve(request: ReserveRequest): ReserveResult | Promise<ReserveResult>;
  /**
   * The same without a store call: from credit that this process has leased in advance, counted as reserved. `undefined`: that credit is
   * not enough. A store without such credit lacks this method.
   */
  reserveHeld?(request: ReserveRequest): ReserveResult | undefined;
  /**
   * Adds counters to a reservation (a route's own limits); floors are added to the attempt that `reserve` came with. A refusal
   * closes the whole reservation. The same charges again are a repetition. Renews the lease.
   */
  extend(request: ExtendRequest): Promise<ReserveResult>;
  /**
   * Holds more before a further attempt, and registers the attempt. A refusal leaves the reservation as it was. Idempotent per
   * attempt. Renews the lease.
   */
  cover(request: CoverRequest): ReserveResult | Promise<ReserveResult>;
  /**
   * Charges the actual usage of one attempt, of any size, also after the lease was reaped or closed, or for an unknown id. Never clamped.
   * Idempotent per attempt, until two leases after the end.
   */
  charge(request: ChargeRequest): ChargeResult | Promise<ChargeResult>;
  /** Heartbeat; items on counters that the reservation was not granted are ignored. `false`: the lease has ended. */
  renew(request: RenewRequest): Promise<boolean>;
  /** Gives back whatever is held and not charged; the one terminal effect. Also before a late `reserve` of that id arrives. */
  close(request: CloseRequest): void | Promise<void>;
  /**
   * Corrects counters of open calendar windows, never below 0, once more is known of the charges. Ended windows, and buckets, stay;
   * reported thresholds stay reported. If it fails after `recorded`, lowered counters are too high, which is safe. A store without it keeps
   * its charges. Resolves with `false` where the adjustment was already in the ledger.
   */
  adjust?(request: AdjustRequest): Promise<boolean>;
  /** The current states of counters; changes nothing. */
  read(partition: string, counters: readonly QuotaCounter[]): Promise<readonly CounterState[]>;
  /** Reaps the leases that this process will no longer settle, delivers the remaining events, and frees resources. */
  end(): Promise<void>;
}
