import type { Transaction } from 'kysely';
import type { Database } from '../connection/database.js';
import type { Tables } from '../tables/tables.js';
import { type Change, writeAudit } from './audit.js';
import type { ChangedKind, Changes } from './changes.js';

/** The result of a change, with the notification for listeners. */
export interface Done<Result> {
  readonly result: Result;
  readonly change: Change;
  /** The notification to publish; absent: none. */
  readonly tell?: readonly [kind: ChangedKind, ...ids: string[]];
}

/** Makes changes: each in a transaction with its line in the audit trail, followed by a notification to all processes after the commit. */
export class Writer {
  constructor(
    readonly database: Database,
    readonly changes: Changes,
    readonly actor: string,
    readonly now: () => number,
  ) {}

  async change<Result>(make: (transaction: Transaction<Tables>) => Promise<Done<Result>>): Promise<Result> {
    const { database, changes, actor, now } = this;
    await database.ready();
    const { result, tell } = await database.query.transaction().execute(async (transaction) => {
      const done = await make(transaction);
      await writeAudit(transaction, actor, done.change, now());
      if (done.tell) {
        const [kind, ...ids] = done.tell;
        await changes.notify(transaction, kind, ids);
      }
      return done;
    });
    if (tell) {
      const [kind, ...ids] = tell;
      for (const id of ids) changes.tell(kind, id);
    }
    return result;
  }

  /** Typed queries, once the tables are there. */
  async query() {
    await this.database.ready();
    return this.database.query;
  }
}

/** Makes the tenant, and its team, unless they are there. */
export async function ensureTenant(
  transaction: Transaction<Tables>,
  { tenant, team }: { tenant: string; team?: string | undefined },
  nowMs: number,
): Promise<void> {
  const created_at = new Date(nowMs);
  await transaction
    .insertInto('tenants')
    .values({ tenant, created_at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  if (team === undefined) return;
  await transaction
    .insertInto('teams')
    .values({ tenant, team, created_at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
