import { contextOf, guarded, refuse, type SwitchStore, TollgateError } from '@tollgate/core';
import { type GuardOptions, switchKey, switchKeysOf } from '@tollgate/core/internal';
import type { RequestHandler } from 'express';

/**
 * Refuses callers who are switched off themselves (403 `switched_off`), but not for "everything": operators must get in to switch it on again.
 * While the switch's store is away, they get in as well.
 */
export function switchedOffCallers(
  store: SwitchStore,
  now: () => number,
  answer: Pick<GuardOptions, 'refusals' | 'errorFormat'>,
): RequestHandler {
  return guarded('switchedOffCallers', async (req, res, next) => {
    const { caller } = contextOf(req, res);
    const entries = (await store.read().catch(() => undefined))?.entries ?? [];
    const own = new Set(caller ? switchKeysOf(caller) : []);
    own.delete(switchKey('everything', ''));
    const nowMs = now();
    const isOff = entries.some(
      ({ kind, name, expiresAtMs = Number.POSITIVE_INFINITY }) =>
        expiresAtMs > nowMs && own.has(switchKey(kind, name)),
    );
    if (!isOff) return next();
    const error = new TollgateError({
      status: 403,
      code: 'switched_off',
      message: 'This caller is switched off. Contact the operator of this API.',
      retryAfterMs: false,
    });
    refuse(req, res, next, error, answer);
  });
}
