import {
  type Caller,
  contextOf,
  guarded,
  type KeyStore,
  refuse,
  type SwitchStore,
  TollgateError,
} from '@tollgate/core';
import { type GuardOptions, switchKey, switchKeysOf } from '@tollgate/core/internal';
import type { RequestHandler } from 'express';

/** Whether callers of these facts are switched off themselves, apart from "everything". While the switch's store is away, they are not. */
async function isSwitchedOff(store: SwitchStore, caller: Caller, nowMs: number): Promise<boolean> {
  const own = new Set(switchKeysOf(caller));
  own.delete(switchKey('everything', ''));
  const entries = (await store.read().catch(() => undefined))?.entries ?? [];
  return entries.some(
    ({ kind, name, expiresAtMs = Number.POSITIVE_INFINITY }) =>
      expiresAtMs > nowMs && own.has(switchKey(kind, name)),
  );
}

/** Whether a key is neither revoked, disabled, expired nor switched off, and known at all. Rejects where the store of the keys is away. */
export async function isKeyValid(
  keyId: string,
  { keys, store, now }: { keys: KeyStore | undefined; store: SwitchStore | undefined; now: () => number },
): Promise<boolean> {
  const found = await keys?.find(keyId);
  if (!found) return false;
  const { tenant, team, user, plan, revokedAtMs = Infinity, expiresAtMs = Infinity } = found;
  if (Math.min(revokedAtMs, expiresAtMs) <= now()) return false;
  const caller: Caller = { id: keyId, keyId, tenant, team, user, plan, scopes: [], labels: {} };
  return !store || !(await isSwitchedOff(store, caller, now()));
}

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
    if (!caller || !(await isSwitchedOff(store, caller, now()))) return next();
    const error = new TollgateError({
      status: 403,
      code: 'switched_off',
      message: 'This caller is switched off. Contact the operator of this API.',
      retryAfterMs: false,
    });
    refuse(req, res, next, error, answer);
  });
}
