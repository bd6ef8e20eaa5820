import type { TollgateContext, UsageEvent } from '@tollgate/core';
import {
  type Call,
  type CallEnd,
  type ChargeItem,
  type ChargeRequest,
  type EventCharge,
  noUsage,
  type RunningCost,
  type Settlement,
  usageEventOf,
  withUnresolved,
} from '@tollgate/core/internal';
import type { DeclaredCall } from './admission.js';
import { isNothing } from './amounts.js';
import type { BudgetEngine } from './engine.js';
import { HeldAmounts } from './held-amounts.js';

/** Facts of a reservation that the store has admitted. */
export interface ReservationFacts {
  readonly id: string;
  readonly partition: string;
  readonly admittedAtMs: number;
  /** `false`: the store was away and the app lets requests pass; nothing is held. */
  readonly verified: boolean;
}

interface Pending {
  readonly call: Call | undefined;
  /** `close` is known when it is sent. */
  readonly request: Omit<ChargeRequest, 'close'> & { close: boolean };
}

const nothingUsed: Settlement = { usage: noUsage, costNanoUsd: 0, priceVersion: '', uncertain: false };

/** One reservation of a request, from its admission to its end: its holds and pending charges. */
export class OpenReservation {
  readonly holds = new HeldAmounts();
  readonly id: string;
  readonly partition: string;
  readonly admittedAtMs: number;
  readonly verified: boolean;
  /** The call that the guard has reserved for, until it is begun. */
  declared: DeclaredCall | undefined;
  closed = false;
  #pending: Pending[] = [];

  constructor(
    facts: ReservationFacts,
    private readonly engine: BudgetEngine,
    private readonly context: TollgateContext,
  ) {
    this.id = facts.id;
    this.partition = facts.partition;
    this.admittedAtMs = facts.admittedAtMs;
    this.verified = facts.verified;
  }

  /** Records an attempt's usage; {@link flush} sends it to the store. */
  settle(call: Call, end: Pick<CallEnd, 'outcome' | 'status'>): void {
    const settlement = call.settlement ?? nothingUsed;
    const requests = this.holds.takeRequests();
    let items: readonly ChargeItem[] = [];
    if (isNothing(settlement)) this.holds.giveBack(call.attemptId);
    else {
      const spending = this.holds.spending(call.attemptId, settlement);
      items = spending.items;
      call.overrun = spending.overrun && this.verified && call.parsed !== undefined;
      this.holds.forget(call.attemptId);
    }
    this.#put(call, settlement, end, requests.length === 0 ? items : [...items, ...requests]);
  }

  /** Whether anything waits for {@link flush}. */
  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** Sends pending charges to the store, with `close` in one step with the end. The returned promise resolves when the first tries have ended. */
  flush(close: boolean): void | Promise<void> {
    const ending = close && !this.closed;
    this.closed ||= close;
    if (ending && !this.hasPending) this.#putRequests();
    const batch = this.#pending;
    this.#pending = [];
    if (batch.length === 0) {
      return ending && this.verified ? this.engine.close(this.id, this.partition) : undefined;
    }
    let waiting: Promise<void>[] | undefined;
    for (let index = 0; index < batch.length; index += 1) {
      const { call, request } = batch[index] as Pending;
      request.close = ending && index === batch.length - 1;
      const trying = this.engine.charge(request, this.context, call);
      if (trying) {
        waiting ??= [];
        waiting.push(trying);
      }
    }
    return waiting && Promise.all(waiting).then(() => undefined);
  }

  /** Heartbeat. A store that fails is asked again with the next beat. */
  async renew(running: readonly RunningCost[]): Promise<void> {
    if (!this.verified || this.closed) return;
    try {
      const { id, partition } = this;
      await this.engine.store.try('renew', (store) => store.renew({ id, partition, running }));
    } catch {
      // It has been published; two more beats fit into the lease.
    }
  }

  /** A running attempt's cost so far, for the heartbeat. */
  running(call: Call): RunningCost | undefined {
    if (!call.running) return undefined;
    const { items } = this.holds.spending(call.attemptId, call.running);
    const end = { outcome: 'error', status: 0 } as const;
    const event = this.#event(call, { ...call.running, uncertain: true }, end, items);
    return { attemptId: call.attemptId, items: items.filter(({ amount }) => amount > 0), event };
  }

  #put(
    call: Call,
    settlement: Settlement,
    end: Pick<CallEnd, 'outcome' | 'status'>,
    items: readonly ChargeItem[],
  ): void {
    const event = this.#event(call, settlement, end, items);
    call.charges = event.charges;
    call.recorded = this.engine.delivers;
    const { id, partition } = this;
    const request = { id, partition, attemptId: call.attemptId, items, event, close: false };
    this.#pending.push({ call, request });
  }

  /** A request that made no call is charged as a request, by a separate event. */
  #putRequests(): void {
    const items = this.holds.takeRequests();
    if (items.length === 0) return;
    const { id, partition, context } = this;
    const call: Call = {
      id,
      attempt: 1,
      attemptId: id,
      startedAtMs: context.startedAtMs,
      admittedAtMs: this.admittedAtMs,
      outgoing: { method: context.req?.method ?? '', url: '', headers: {}, body: undefined },
      stopped: undefined,
      signal: context.signal,
      stop: () => {},
    };
    const event = this.#event(call, nothingUsed, { outcome: 'ok', status: 0 }, items);
    const request = { id, partition, attemptId: id, items, event, close: false };
    this.#pending.push({ call: undefined, request });
  }

  #event(
    call: Call,
    settlement: Settlement,
    end: Pick<CallEnd, 'outcome' | 'status'>,
    items: readonly ChargeItem[],
  ): UsageEvent {
    const charged: EventCharge[] = [];
    for (const { counter, windowId, amount } of items) {
      if (amount > 0) charged.push({ counter, window: windowId, amount });
    }
    const { usage, costNanoUsd, ceiling } = settlement;
    const charges = ceiling
      ? withUnresolved(charged, { ...usage, costNanoUsd: String(costNanoUsd) })
      : charged;
    return usageEventOf(this.context, call, { settlement, end, charges, nowMs: this.engine.settings.now() });
  }
}
