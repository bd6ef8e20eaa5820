import type { Caller, TollgateContext } from '@tollgate/core';
import { publish } from '@tollgate/core/internal';

/** Publishes on `tollgate:auth` how a request fared: `verified`, `remembered`, or a refusal's code. Never the credential. */
export function publishOutcome(
  context: TollgateContext,
  outcome: string,
  mode: string,
  caller: Caller | undefined,
): void {
  const { requestId } = context;
  publish('tollgate:auth', () => ({
    requestId,
    outcome,
    mode,
    keyId: caller?.keyId,
    tenant: caller?.tenant,
  }));
}
