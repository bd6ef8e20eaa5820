import type { QuotaStore } from '@tollgate/core';
import {
  type ChargeRequest,
  type ChargeResult,
  publish,
  type StoreClient,
  whenReady,
  withinDeadline,
} from '@tollgate/core/internal';
import type { BudgetSettings } from './options.js';
import type { Settlement } from './settlement.js';

/** How long stores remember the charges of a reservation that expired: a day, less a margin for differing clocks. In ms. */
const rememberedMs = 23 * 3_600_000;

/** For `settleLate`: settlements are retried together, so one that hangs would keep all others waiting. In milliseconds. */
const lateDeadlineMs = 10_000;

/** What the app does with a charge that the store has accepted. */
export type OnCharged = (result: ChargeResult) => void;

/** Brings one settlement to the store, or to the ledger where the store may have forgotten its reservation; throws or rejects where that fails. */
export type SendSettlement = (
  settlement: Settlement,
  onCharged: OnCharged | undefined,
  /** The ledger is asked first where it has been so long that the store may have forgotten. */
  mayBeLate: boolean,
) => void | Promise<void>;

export function settlementSender(
  store: StoreClient<QuotaStore>,
  { settleLate, now }: Pick<BudgetSettings, 'settleLate' | 'now'>,
): SendSettlement {
  const isLate = ({ event }: ChargeRequest): boolean => now() - Date.parse(event.admittedAt) > rememberedMs;
  const send = (
    { kind, request }: Settlement,
    onCharged: OnCharged | undefined,
    mayBeLate: boolean,
  ): void | Promise<void> => {
    if (kind === 'close') return store.try('close', (quota) => quota.close(request));
    if (mayBeLate && settleLate && isLate(request)) {
      const hangs = (): Error => new Error(`settleLate took longer than ${lateDeadlineMs} ms`);
      return withinDeadline(lateDeadlineMs, settleLate(request.event), hangs).then((isKnown) => {
        if (!isKnown) return send({ kind, request }, onCharged, false);
        publishCharged(request, { outcome: 'adjusted' });
      });
    }
    const charged = store.try('charge', (quota) => quota.charge(request));
    return whenReady(charged, (result) => {
      onCharged?.(result);
      publishCharged(request, result);
    });
  };
  return send;
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
