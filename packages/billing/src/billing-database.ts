/** The database functions that billing needs; the result of `database()` of `@tollgate/postgres` has them. */
export interface BillingDatabase {
  /** The schema of the ledger, which holds billing's own tables, too. */
  readonly schema: string;
  /** Resolves when the ledger's tables are there; rejects while the database is away. */
  ready(): Promise<void>;
  /** Runs one statement with its values (`$1`, …) in a separate transaction. */
  readonly execute: (
    statement: string,
    values: readonly unknown[],
  ) => Promise<readonly Record<string, unknown>[]>;
}
