import type { Caller, Plan, QuotaStore, TollgateContext } from '@tollgate/core';
import {
  type Call,
  type ChargeRequest,
  type ChargeResult,
  definitionOf,
  hasOwnLimits,
  limitsFor,
  newId,
  planOf,
  publish,
  type ReserveRequest,
  type ReserveResult,
  StoreClient,
  whenReady,
  withinDeadline,
} from '@tollgate/core/internal';
import { type BudgetLimit, limitsOfPlan } from './admission-policy.js';
import { unverifiableError } from './errors.js';
import { Heartbeat } from './heartbeat.js';
import type { BudgetSettings } from './options.js';
import { SettleQueue } from './settle-queue.js';
import type { PendingCharge, Settlement } from './settlement.js';
import { announce } from './threshold.js';

/** How long stores remember the charges of a reservation that expired: a day, less a margin for differing clocks. In ms. */
const rememberedMs = 23 * 3_600_000;

/** For `settleLate`: settlements are retried together, so one that hangs would keep all others waiting. In milliseconds. */
const lateDeadlineMs = 10_000;

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
      settle: this.#settle,
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

  /**
   * Charges an attempt (of `call`, if given) now or, where the store fails, later. The returned promise resolves when the first try has
   * ended; returns nothing where it already has.
   */
  charge(request: ChargeRequest, context: TollgateContext, call: Call | undefined): void | Promise<void> {
    return this.settling.run({ kind: 'charge', request }, ({ recorded, crossed }) => {
      if (call) call.recorded = recorded;
      announce(crossed, context, this.settings.onThreshold);
    });
  }

  /** Charges them all; `closes`: the last one also ends the reservation. Resolves when the first tries have ended; returns nothing where they already have. */
  chargeAll(
    batch: readonly PendingCharge[],
    closes: boolean,
    context: TollgateContext,
  ): void | Promise<void> {
    let waiting: Promise<void>[] | undefined;
    for (let index = 0; index < batch.length; index += 1) {
      const { call, request } = batch[index] as PendingCharge;
      request.close = closes && index === batch.length - 1;
      const trying = this.charge(request, context, call);
      if (trying) {
        waiting ??= [];
        waiting.push(trying);
      }
    }
    return waiting && Promise.all(waiting).then(() => undefined);
  }

  /** Ends a reservation; its holds are released, now or, where the store fails, later. */
  close(id: string, partition: string): void | Promise<void> {
    return this.settling.run({ kind: 'close', request: { id, partition } });
  }

  /** Ends a reservation whose outcome is not known, because the store has just failed. */
  closeLater(id: string, partition: string): void {
    this.settling.later({ kind: 'close', request: { id, partition } });
  }

  readonly #settle = (
    { kind, request }: Settlement,
    onCharged?: (result: ChargeResult) => void,
  ): void | Promise<void> => {
    if (kind === 'close') return this.store.try('close', (store) => store.close(request));
    const { settleLate, now } = this.settings;
    const isLate = settleLate && now() - Date.parse(request.event.admittedAt) > rememberedMs;
    if (isLate) {
      const settled = settleLate(request.event);
      const hangs = (): Error => new Error(`settleLate took longer than ${lateDeadlineMs} ms`);
      return withinDeadline(lateDeadlineMs, settled, hangs).then((isKnown) => {
        if (isKnown) publishCharged(request, { outcome: 'adjusted' });
        else return this.#charge(request, onCharged);
      });
    }
    return this.#charge(request, onCharged);
  };

  #charge(request: ChargeRequest, onCharged?: (result: ChargeResult) => void): void | Promise<void> {
    return whenReady(
      this.store.try('charge', (store) => store.charge(request)),
      (result) => {
        this.delivers = result.recorded;
        onCharged?.(result);
        publishCharged(request, result);
      },
    );
  }
}

function publishCharged(
  { event, id, attemptId }: ChargeRequest,
  { outcome }: Pick<ChargeResult, 'outcome'>,
): void {
  const { requestId, tenant, costNanoUsd, overrun } = event;
  publish('tollgate:settle', () => ({
    outcome,
    requestId,
    reservationId: id,
    attemptId,
    tenant,
    costNanoUsd,
    overrun,
  }));
}
