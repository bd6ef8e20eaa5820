import { setTimeout as delay } from 'node:timers/promises';
import { newId, processName } from '@tollgate/core/internal';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database } from '../connection/database.js';
import type { Tables } from '../tables/tables.js';

/** The kind of a changed record: a key (`k`), the overrides of a tenant (`o`), or a child credential or a parent of such (`c`). */
export type ChangedKind = 'k' | 'o' | 'c';

/** Begins the payload of a question: which processes listen to this kind of changes. Versions without it ignore the payload. */
const question = '?';
/** Ms between questions: a connection that listens may be made again at the moment. */
const askEveryMs = 250;
/** Ms that are left for others after the first answer. */
const othersMs = 100;

/**
 * Notifies listeners of changes: those made here when they are committed, and those of other processes when PostgreSQL notifies of them. It
 * only speeds up the effect of changes: listeners read the database every 5 s anyway.
 */
export class Changes {
  readonly #listeners = new Map<ChangedKind, Set<(id: string) => void>>();
  /** The names that have answered this process's questions, by question. */
  readonly #answers = new Map<string, Set<string>>();
  #listening = false;
  #hearsAnswers = false;

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
  async notify(transaction: Kysely<Tables>, kind: ChangedKind, ids: readonly string[]): Promise<void> {
    const channel = `${this.database.schema}_changes`;
    const payloads = ids.map((id) => kind + id);
    await sql`select pg_notify(${channel}, payload) from unnest(${payloads}::text[]) as payload`.execute(
      transaction,
    );
  }

  /** Notifies the listeners in this process. */
  tell(kind: ChangedKind, id: string): void {
    for (const listener of this.#listeners.get(kind) ?? []) listener(id);
  }

  /**
   * The names of processes that listen to a kind of changes and have received all that were committed before. Asks until one answers, for at
   * most `withinMs`. Notifications arrive in the order of their commits, so an answer comes after the changes before the question.
   */
  async readers(kind: ChangedKind, withinMs: number): Promise<readonly string[]> {
    await this.database.ready();
    if (!this.#hearsAnswers) {
      this.#hearsAnswers = true;
      this.database.listen('readers', (payload) => this.#answered(payload));
    }
    const id = newId(Date.now());
    const names = new Set<string>();
    this.#answers.set(id, names);
    const endMs = performance.now() + withinMs;
    try {
      while (names.size === 0 && performance.now() < endMs) {
        await this.#send('changes', question + kind + id);
        const pauseEndMs = Math.min(endMs, performance.now() + askEveryMs);
        while (names.size === 0 && performance.now() < pauseEndMs) await delay(10);
      }
      if (names.size > 0) await delay(othersMs);
    } finally {
      this.#answers.delete(id);
    }
    return [...names].sort();
  }

  #heard(payload: string): void {
    if (payload.startsWith(question)) this.#answer(payload.slice(1, 2) as ChangedKind, payload.slice(2));
    else this.tell(payload.slice(0, 1) as ChangedKind, payload.slice(1));
  }

  #answer(kind: ChangedKind, id: string): void {
    if (!this.#listeners.get(kind)?.size) return;
    // A question without an answer is asked again.
    this.#send('readers', `${id} ${processName}`).catch(() => undefined);
  }

  #answered(payload: string): void {
    const [id = '', name = ''] = payload.split(' ');
    this.#answers.get(id)?.add(name);
  }

  #send(channel: string, payload: string): Promise<unknown> {
    return this.database.execute('select pg_notify($1, $2)', [`${this.database.schema}_${channel}`, payload]);
  }
}
