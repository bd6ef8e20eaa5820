import type { QuotaStore } from '@tollgate/core';
import { accepts, checkOptions } from '@tollgate/core/internal';
import type { Database } from '../connection/database.js';
import { writeAudit } from '../keys/audit.js';
import { type Resolved, resolve } from './resolve.js';
import { knownAttempt } from './unresolved.js';

/** An operator's decision on unresolved amounts without the actual usage. */
export interface Acceptance {
  eventId: string;
  /** `estimate`: the best estimate becomes the usage; `zero`: the usage was zero. Both waive the cap for this call. */
  as: 'estimate' | 'zero';
  /** Who accepts it, for the audit trail. */
  actor: string;
  /** Whose counters are corrected. Absent: the ledger alone. */
  store?: QuotaStore;
  /** The clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/**
 * Takes the estimate, or nothing, for the usage of an attempt whose end is unknown, and lowers its counters to it. The provider may have
 * billed more: this waives the cap for that call. Written to the audit trail before anything changes. Rejects with a `RangeError` where the
 * ledger has no such event.
 */
export async function acceptUnresolved(database: Database, acceptance: Acceptance): Promise<Resolved> {
  checkOptions<Acceptance>(
    'acceptUnresolved',
    acceptance,
    {
      ...{ eventId: accepts.string, as: accepts.oneOf('estimate', 'zero'), actor: accepts.string },
      ...{ store: accepts.methods('read'), now: accepts.function },
    },
    ['eventId', 'as', 'actor'],
  );
  const { eventId, as, actor, store, now = Date.now } = acceptance;
  const known = /^[0-9a-f-]{36}$/i.test(eventId) ? await knownAttempt(database, eventId) : undefined;
  if (!known) throw new RangeError(`the ledger has no usage event ${JSON.stringify(eventId.slice(0, 64))}`);
  const { event } = known;
  const { tenant, costNanoUsd, unresolvedNanoUsd } = event;
  await writeAudit(
    database.query,
    actor,
    { action: 'usage.accept', tenant, subject: event.eventId, facts: { as, costNanoUsd, unresolvedNanoUsd } },
    now(),
  );
  const actual =
    as === 'zero'
      ? { inputTokens: 0, outputTokens: 0, costNanoUsd: 0 }
      : {
          inputTokens: event.inputTokens,
          outputTokens: event.outputTokens,
          costNanoUsd: Number(event.costNanoUsd),
        };
  return resolve(database, { eventId: event.eventId, actual, now, ...(store && { store }) });
}
