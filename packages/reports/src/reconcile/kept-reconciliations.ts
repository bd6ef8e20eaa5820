import type { Database } from '@tollgate/postgres';
import { readAudit, writeAudit } from '@tollgate/postgres/internal';
import type { ReconcileLine } from './reconcile.js';

const action = 'ledger.reconcile';

/** The result of a comparison of the ledger with a provider's figures. */
export interface KeptReconciliation {
  /** Ms since the epoch. */
  readonly atMs: number;
  readonly actor: string;
  /** The first and the last day that was compared, `2026-11-01`. */
  readonly firstDay: string;
  readonly lastDay: string;
  /** Lines by day and model that were compared, and those that differ. */
  readonly lines: number;
  readonly differing: number;
}

/** Keeps the result of {@link reconcile} in the audit trail, where every process finds it. Nothing is kept of no lines. */
export async function keepReconciliation(
  database: Database,
  { actor, lines, nowMs }: { actor: string; lines: readonly ReconcileLine[]; nowMs: number },
): Promise<void> {
  const days = lines.map(({ day }) => day).sort();
  const [firstDay, lastDay] = [days[0], days.at(-1)];
  if (firstDay === undefined || lastDay === undefined) return;
  const differing = lines.filter(({ agrees }) => !agrees).length;
  const facts = { first_day: firstDay, last_day: lastDay, lines: lines.length, differing };
  await database.ready();
  await writeAudit(database.query, actor, { action, subject: `${firstDay} to ${lastDay}`, facts }, nowMs);
}

/** Kept results, the newest first. */
export async function keptReconciliations(database: Database, limit: number): Promise<KeptReconciliation[]> {
  await database.ready();
  const entries = await readAudit(database.query, { action, limit });
  return entries.map(({ at, actor, facts }) => ({
    ...{ atMs: at.getTime(), actor },
    ...{ firstDay: String(facts.first_day), lastDay: String(facts.last_day) },
    ...{ lines: Number(facts.lines), differing: Number(facts.differing) },
  }));
}
