import type { Caller, Limit, Plan, TollgateContext } from '@tollgate/core';
import {
  type CallEnd,
  type CallStep,
  type IndexedEntry,
  type RequestEnd,
  type RunningCost,
  type SettledCall,
  type Writing,
  whenReady,
} from '@tollgate/core/internal';
import type { AdmissionPolicy, BudgetLimit } from './admission-policy.js';
import { isNothing } from './amounts.js';
import { allowed, candidates } from './candidates.js';
import { runningCost } from './charged-event.js';
import { type Deferred, defer, undefer } from './deferred.js';
import type { BudgetEngine, BudgetedRequest } from './engine.js';
import { unmeteredError } from './errors.js';
import type { Leased } from './heartbeat.js';
import { Reservation } from './reservation.js';
import type { RunningRequest } from './running-request.js';
import { TopUps } from './top-up.js';

/** A call that is running, and the reservation that pays for it. */
interface RunningCall {
  readonly call: SettledCall;
  readonly reservation: Reservation;
  /** It was made before it was admitted: nothing was held for it, so it cannot exceed its holds. */
  readonly made: boolean;
}

/** The budget of one request: its reservations, and the step that covers and charges every call it makes. */
export class RequestBudget implements CallStep, Leased, Deferred {
  readonly name = 'budget';
  readonly stage = 'cover';
  readonly #owner: BudgetedRequest;
  #topUps: TopUps | undefined;
  readonly #plan: Plan | undefined;
  #open: readonly Reservation[] = [];
  #running: readonly RunningCall[] = [];
  #beat: IndexedEntry<Leased> | undefined;
  #deferred: IndexedEntry<Deferred> | undefined;
  #limits: readonly BudgetLimit[];
  #opening: Promise<Reservation> | undefined;

  /** Throws a TollgateError (403) where the caller's plan is unknown. */
  constructor(
    readonly engine: BudgetEngine,
    private readonly context: TollgateContext,
    private readonly caller: Caller,
  ) {
    this.#plan = engine.planOf(caller);
    this.#limits = engine.limitsOf(this.#plan, caller);
    this.#owner = { engine, context, partition: caller.tenant || caller.id };
  }

  /** The guard: reserves for the call that the request's body declares, or opens an empty reservation. Throws, or rejects with, the refusal. */
  open(): void | Promise<void> {
    const { calls } = this.context;
    if (this.#takesNothing(calls.declared)) return;
    return whenReady(this.#reserve(calls.declared, false, this.#policy), () =>
      calls.finished ? this.#close() : undefined,
    );
  }

  /** A route's own limits join the request's; not `enforced`, they only count. Rejects with the refusal, which ends the reservation. */
  async extend(limits: readonly Limit[], enforced: boolean): Promise<void> {
    const added = limits.map((limit) => ({
      limit: enforced ? limit : { ...limit, soft: true },
      movesLadder: false,
    }));
    this.#limits = [...this.#limits, ...added];
    for (const reservation of this.#open) {
      try {
        await reservation.extend(this.#policy);
      } finally {
        if (reservation.closed) this.#forget(reservation);
      }
    }
  }

  begin(call: SettledCall): void | Promise<void> {
    const made = call.settlement !== undefined;
    if (this.engine.enforced && !this.context.calls.has('meter')) throw unmeteredError();
    if (this.#takesNothing(call)) return;
    const policy = made ? { ...this.#policy, enforced: false } : this.#policy;
    return whenReady(this.#reservationFor(call, policy), (reservation) => {
      this.#running = [...this.#running, { call, reservation, made }];
    });
  }

  allows(model: string): boolean {
    return !this.engine.enforced || allowed({ plan: this.#plan, caller: this.caller }, model);
  }

  progress(call: SettledCall): void {
    const running = this.#runningOf(call);
    if (!running) return;
    this.#topUps ??= new TopUps(this.engine);
    this.#topUps.watch(call, running.reservation, this.#policy);
  }

  end(call: Writing<SettledCall>, end: CallEnd): void | Promise<void> {
    const running = this.#runningOf(call);
    if (!running) return;
    const { reservation, made } = running;
    this.#running = without(this.#running, running);
    if (!call.replays) reservation.settle(call, end);
    if (made) call.overrun = false;
    const { calls } = this.context;
    if ((end.last || calls.finished) && this.#running.length === 0) {
      this.#leave(reservation);
      return reservation.flush(true);
    }
    if (this.engine.delivers === undefined) return reservation.flush();
    this.#deferred ??= defer(this);
  }

  finish(end: RequestEnd, declared: SettledCall | undefined): void | Promise<void> {
    if (!declared?.settlement || isNothing(declared.settlement)) return this.#close();
    const [first] = this.#open;
    const made = { ...this.#policy, enforced: false };
    // Nothing was held for a call that was to be answered without being made.
    const held = first?.holds.holdsFor(declared.attemptId) ? first : this.#reserve(declared, true, made);
    return whenReady(held, (reservation) => {
      reservation.settle(declared, { outcome: outcomeOf(end), status: 0 });
      return this.#close();
    });
  }

  flushDeferred(): void {
    this.#deferred = undefined;
    for (const reservation of this.#open) void reservation.flush();
  }

  describe(): RunningRequest {
    const { requestId, startedAtMs, route, calls } = this.context;
    const { tenant, team, user, keyId, plan } = this.caller;
    const running = this.#running.map(({ call }) => call);
    const priced = running.length > 0 || !calls.declared ? running : [calls.declared];
    const sum = (amounts: readonly (number | undefined)[]) =>
      amounts.reduce<number>((total, one = 0) => total + one, 0);
    return {
      ...{ requestId, startedAtMs, route, tenant, team, user, keyId, plan },
      reservations: this.#open.map(({ id }) => id),
      calls: running.length,
      estimateNanoUsd: sum(priced.map(({ parsed }) => parsed?.estimate.costNanoUsd)),
      costNanoUsd: sum(running.map((call) => call.running?.costNanoUsd)),
    };
  }

  async renew(): Promise<void> {
    const byReservation = new Map<Reservation, RunningCost[]>(this.#open.map((one) => [one, []]));
    for (const { call, reservation } of this.#running) {
      const cost = runningCost(this.#owner, reservation.holds, call);
      if (cost) byReservation.get(reservation)?.push(cost);
    }
    await Promise.all([...byReservation].map(([reservation, running]) => reservation.renew(running)));
  }

  /**
   * Whether the call was paid for earlier and requests are not counted: then there is nothing to admit. Throws a TollgateError where the
   * plan does not allow the call at all.
   */
  #takesNothing(call: SettledCall | undefined): boolean {
    if (!call?.replays || !call.parsed) return false;
    const policy = this.#policy;
    candidates(call, call.parsed, policy);
    return !policy.limits.some(({ limit }) => limit.unit === 'requests');
  }

  #runningOf(call: SettledCall): RunningCall | undefined {
    return this.#running.find((running) => running.call.attemptId === call.attemptId);
  }

  get #policy(): AdmissionPolicy {
    const { fit, minOutputTokens } = this.engine.settings;
    const { req, route, deferral } = this.context;
    const { caller } = this;
    const enforced = this.engine.enforced;
    const mayWait = deferral !== undefined;
    const found = { fit, minOutputTokens, mayWait, enforced };
    return { caller, plan: this.#plan, limits: this.#limits, req, route, ...found };
  }

  /** Covers a call from the request's reservation, or from a new one where that is absent or closed. */
  #reservationFor(call: SettledCall, policy: AdmissionPolicy): Reservation | Promise<Reservation> {
    if (this.#opening) return this.#opening.then(() => this.#coverOrReserve(call, policy));
    return this.#coverOrReserve(call, policy);
  }

  #coverOrReserve(call: SettledCall, policy: AdmissionPolicy): Reservation | Promise<Reservation> {
    const [reservation] = this.#open;
    if (!reservation) return this.#reserve(call, true, policy);
    if (reservation.hasPending) void reservation.flush();
    return whenReady(reservation.cover(call, policy), (covered) => {
      if (covered) return reservation;
      this.#forget(reservation);
      return this.#reserve(call, true, policy);
    });
  }

  #reserve(
    call: SettledCall | undefined,
    begun: boolean,
    policy: AdmissionPolicy,
  ): Reservation | Promise<Reservation> {
    const opened = whenReady(Reservation.open(this.#owner, call, begun, policy), (reservation) => {
      this.#open = [...this.#open, reservation];
      this.#beat ??= this.engine.heartbeat.add(this);
      return reservation;
    });
    if (opened instanceof Reservation) return opened;
    const opening = opened.finally(() => {
      if (this.#opening === opening) this.#opening = undefined;
    });
    this.#opening = opening;
    return opening;
  }

  #close(): void | Promise<void> {
    const open = this.#open;
    for (const reservation of open) this.#leave(reservation);
    const [only, ...others] = open;
    if (!only) return;
    if (others.length === 0) return only.flush(true);
    return Promise.all(open.map((reservation) => reservation.flush(true))).then(() => undefined);
  }

  /** Its last charge ends it. */
  #leave(reservation: Reservation): void {
    this.#forget(reservation);
    if (this.#deferred) undefer(this.#deferred);
    this.#deferred = undefined;
  }

  #forget(reservation: Reservation): void {
    this.#open = without(this.#open, reservation);
    if (this.#open.length > 0) return;
    if (this.#beat) this.engine.heartbeat.remove(this.#beat);
    this.#beat = undefined;
    this.context.reservation = undefined;
  }
}

/** Nearly every request has one of each, for which an array is cheaper than a set. */
function without<Item>(items: readonly Item[], one: Item): readonly Item[] {
  return items.length === 1 && items[0] === one ? none : items.filter((item) => item !== one);
}

const none: readonly never[] = [];

function outcomeOf({ aborted, status }: RequestEnd): CallEnd['outcome'] {
  if (aborted) return 'aborted';
  return status >= 400 ? 'error' : 'ok';
}
