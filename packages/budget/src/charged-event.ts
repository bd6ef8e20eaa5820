import type { TollgateContext, UsageEvent } from '@tollgate/core';
import {
  type AdmittedCall,
  type CallEnd,
  type ChargeItem,
  type EventCharge,
  noUsage,
  type RunningCost,
  type SettledCall,
  type Settlement,
  usageEventOf,
  withUnresolved,
} from '@tollgate/core/internal';
import type { BudgetedRequest } from './engine.js';
import type { HeldAmounts } from './held-amounts.js';

/** How an attempt ended, as its usage event states it. */
export type AttemptEnd = Pick<CallEnd, 'outcome' | 'status'>;

/** The settlement of what made no use of a provider. */
export const nothingUsed: Settlement = {
  usage: noUsage,
  costNanoUsd: 0,
  priceVersion: '',
  uncertain: false,
};

/** The usage event of an attempt that is charged on these counters. */
export function chargedEvent(
  { engine, context }: BudgetedRequest,
  call: SettledCall,
  settlement: Settlement,
  end: AttemptEnd,
  items: readonly ChargeItem[],
): UsageEvent {
  const charged: EventCharge[] = [];
  for (const { counter, windowId, amount } of items) {
    if (amount > 0) charged.push({ counter, window: windowId, amount });
  }
  const { usage, costNanoUsd, ceiling } = settlement;
  const charges = ceiling ? withUnresolved(charged, { ...usage, costNanoUsd: String(costNanoUsd) }) : charged;
  return usageEventOf(context, call, { settlement, end, charges, nowMs: engine.settings.now() });
}

/** What a running attempt has cost so far, for the heartbeat of its reservation. */
export function runningCost(
  owner: BudgetedRequest,
  holds: HeldAmounts,
  call: AdmittedCall,
): RunningCost | undefined {
  const { attemptId, running } = call;
  if (!running) return undefined;
  const { items } = holds.spending(attemptId, running);
  const event = chargedEvent(
    owner,
    call,
    { ...running, uncertain: true },
    { outcome: 'error', status: 0 },
    items,
  );
  return { attemptId, items: items.filter(({ amount }) => amount > 0), event };
}

/** A request that made no call, in the form in which calls are charged. */
export function requestAsCall(
  id: string,
  admittedAtMs: number,
  { startedAtMs, req, signal }: TollgateContext,
): SettledCall {
  const outgoing = { method: req?.method ?? '', url: '', headers: {}, body: undefined };
  const ids = { id, attempt: 1, attemptId: id };
  return { ...ids, startedAtMs, admittedAtMs, outgoing, stopped: undefined, signal, stop: () => {} };
}
