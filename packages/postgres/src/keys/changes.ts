import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database } from '../connection/database.js';
import type { Tables } from '../tables/tables.js';

/** The kind of a changed record: a key (`k`), the overrides of a tenant (`o`), or a child credential or a parent of such (`c`). */
export type ChangedKind = 'k' | 'o' | 'c';

/**
 * Notifies listeners of changes: those made here when they are committed, and those of other processes when PostgreSQL notifies of them. It
 * only speeds up the effect of changes: listeners read the database every 5 s anyway.
 */
export class Changes {
  readonly #listeners = new Map<ChangedKind, Set<(id: string) => void>>();
  #listening = false;

  constructor(private readonly database: Database) {}

  /** Listens to a kind of changes; returns how to stop. */
  on(kind: ChangedKind, listener: (id: string) => void): () => void {
    const listeners = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, listeners.add(listener));
    if (!this.#listening) {
      this.#listening = true;
      this.database.listen('changes', (payload) => this.#heard(payload));
    }
    return () => {
      listeners.delete(listener);
    };
  }

  /** Notifies other processes when the transaction is committed. */
  async notify(transaction: Kysely<Tables>, kind: ChangedKind, id: string): Promise<void> {
    const channel = `${this.database.schema}_changes`;
    await sql`select pg_notify(${channel}, ${kind + id})`.execute(transaction);
  }

  /** Notifies the listeners in this process. */
  tell(kind: ChangedKind, id: string): void {
    for (const listener of this.#listeners.get(kind) ?? []) listener(id);
  }

  #heard(payload: string): void {
    this.tell(payload.slice(0, 1) as ChangedKind, payload.slice(1));
  }
}
