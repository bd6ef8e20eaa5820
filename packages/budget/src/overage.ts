import { type CounterState, publish } from '@tollgate/core/internal';
import type { Response } from 'express';
import type { LimitCharge } from './charges.js';

/** States and publishes that an admitted request uses the overage of a limit: everything that it includes is used. */
export function announceOverage(
  tenant: string,
  res: Response | undefined,
  charges: readonly LimitCharge[],
  states: readonly CounterState[],
): void {
  charges.forEach(({ limit, charge }, index) => {
    const state = states[index];
    const { included } = limit;
    if (included === undefined || !state || state.used < included) return;
    const { counter, window, unit, used, resetsAtMs } = state;
    publish('tollgate:overage', () => ({
      ...{ tenant, name: limit.name, counter, window, unit, included, used },
      ...{ limit: state.limit, resetsAtMs },
    }));
    // Limits of several tenants are not disclosed to one of them.
    if (res && !res.headersSent && !charge.wide) {
      res.appendHeader('x-tollgate-warning', `overage;limit="${limit.name}"`);
    }
  });
}
