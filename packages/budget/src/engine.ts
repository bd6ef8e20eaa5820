import type { Caller, Plan, QuotaStore, TollgateContext } from '@tollgate/core';
import {
  type ChargeResult,
  definitionOf,
  hasOwnLimits,
  limitsFor,
  newId,
  planOf,
  publish,
  type ReserveRequest,
  type ReserveResult,
  type SettledCall,
  StoreClient,
  type Writing,
} from '@tollgate/core/internal';
import { type BudgetLimit, limitsOfPlan } from './admission-policy.js';
import { unverifiableError } from './errors.js';
import { Heartbeat } from './heartbeat.js';
import type { BudgetSettings } from './options.js';
import { settlementSender } from './send-settlement.js';
import { SettleQueue } from './settle-queue.js';
import { announce } from './threshold.js';

/** A request under a budget, and the partition of its counters: its tenant, or the caller where there is none. */
export interface BudgetedRequest {
  readonly engine: BudgetEngine;
  readonly context: TollgateContext;
  readonly partition: string;
}

/** State shared by all requests of one `budget()`: the store with its deadline, the queue of settlements, the heartbeat. */
export class BudgetEngine {
  readonly store: StoreClient<QuotaStore>;
  readonly settling: SettleQueue;
  readonly heartbeat: Heartbeat;
  /** Whether the store delivers usage events itself; known from its first answer to a charge. */
  delivers: boolean | undefined;
  /** Admissions let through without the store. */
  unverified = 0;
  /** Admissions from credit leased in advance, while the store was away. */
  fromGrace = 0;

  readonly #own: readonly BudgetLimit[];
  readonly #ofPlan = new Map<Plan, readonly BudgetLimit[]>();
  /** For callers with their own limits; the entry disappears with the caller. */
  readonly #ofCaller = new WeakMap<Caller, readonly BudgetLimit[]>();

  constructor(
    readonly settings: BudgetSettings,
    store: QuotaStore,
  ) {
    const { plans, limits, requests } = settings;
    const isForApp = plans !== undefined;
    this.#own = limits.map((limit) => ({
      limit,
      definition: isForApp ? definitionOf(limit) : undefined,
      movesLadder: false,
    }));
    for (const plan of Object.values(plans ?? {})) {
      this.#ofPlan.set(plan, [...limitsOfPlan(plan, requests), ...this.#own]);
    }
    this.store = new StoreClient(store, {
      deadlineMs: settings.storeDeadlineMs,
      // A request that the store rejects as malformed says nothing of the store.
      isFailure: (error) => !(error instanceof TypeError),
      failed: (operation, error) =>
        publish('tollgate:store', () => ({ operation, outcome: 'failed', error: String(error) })),
    });
    this.heartbeat = new Heartbeat(settings.leaseMs / 3);
    this.settling = new SettleQueue({
      settle: settlementSender(this.store, settings),
      most: settings.maxUnsettled,
      leaseMs: settings.leaseMs,
      spool: settings.spool,
    });
  }

  /** The caller's plan. Throws a TollgateError where it is not one of ours. */
  planOf(caller: Caller): Plan | undefined {
    return this.settings.plans && planOf(this.settings.plans, caller);
  }

  /** The limits of a caller: those of its plan, its own, and those shared by all callers. */
  limitsOf(plan: Plan | undefined, caller: Caller): readonly BudgetLimit[] {
    if (!hasOwnLimits(caller)) return (plan && this.#ofPlan.get(plan)) ?? this.#own;
    const known = this.#ofCaller.get(caller);
    if (known) return known;
    const limits = [...limitsOfPlan(limitsFor(plan, caller), this.settings.requests), ...this.#own];
    this.#ofCaller.set(caller, limits);
    return limits;
  }

  get enforced(): boolean {
    return this.settings.mode === 'enforce';
  }

  /**
   * Admits from credit that was leased in advance, where the app enabled it, counts it and publishes it; under another id, since the store
   * may still admit the first.
   */
  reserveFromGrace(
    wanted: ReserveRequest,
    { requestId, caller }: TollgateContext,
  ): { readonly id: string; readonly result: ReserveResult } | undefined {
    if (this.settings.whenStoreDown !== 'grace') return undefined;
    const id = newId(this.settings.now());
    const result = this.store.store.reserveHeld?.({ ...wanted, id });
    if (!result) return undefined;
    this.fromGrace += 1;
    publish('tollgate:store', () => ({
      operation: 'reserve',
      outcome: 'grace',
      fromGrace: this.fromGrace,
      requestId,
      tenant: caller?.tenant,
      keyId: caller?.keyId,
    }));
    return { id, result };
  }

  /** Continues, counted, where the store has failed and the mode lets unverified requests pass; otherwise throws the refusal. */
  passUnverified(
    operation: 'reserve' | 'extend' | 'cover',
    error: unknown,
    enforced: boolean,
    context: TollgateContext,
  ): void {
    if (this.settings.whenStoreDown !== 'open' && enforced) throw unverifiableError(error);
    this.letThrough(operation, context);
  }

  /** Counts and publishes admissions without the store. */
  letThrough(operation: 'reserve' | 'extend' | 'cover', { requestId, caller }: TollgateContext): void {
    this.unverified += 1;
    publish('tollgate:store', () => ({
      operation,
      outcome: 'unverified',
      unverified: this.unverified,
      requestId,
      tenant: caller?.tenant,
      keyId: caller?.keyId,
    }));
  }

  /** The store has accepted the charge of an attempt, of `call` if given. */
  charged(
    { recorded, crossed }: ChargeResult,
    context: TollgateContext,
    call: Writing<SettledCall> | undefined,
  ): void {
    this.delivers = recorded;
    if (call) call.recorded = recorded;
    announce(crossed, context, this.settings.onThreshold);
  }

  /** Ends a reservation; its holds are released, now or, where the store fails, later. */
  close(id: string, partition: string): void | Promise<void> {
    return this.settling.run({ kind: 'close', request: { id, partition } });
  }

  /** Ends a reservation whose outcome is not known, because the store has just failed. */
  closeLater(id: string, partition: string): void {
    this.settling.later({ kind: 'close', request: { id, partition } });
  }
}
