import { setTimeout as delay } from 'node:timers/promises';
import { isTollgateError, type SwitchStore, TollgateError } from '@tollgate/core';
import { processName, publish, withinDeadline } from '@tollgate/core/internal';
import type { Database, Registry } from '@tollgate/postgres';
import { writeAudit } from '@tollgate/postgres/internal';
import { type PlanPrice, type Reports, reports } from '@tollgate/reports';
import type { LiveCounts } from '../live/live-counts.js';
import type { AdminApp, AppPart } from './admin-app.js';
import { notFound } from './errors.js';
import type { AdminIdentity } from './identity.js';
import { Turns } from './turns.js';

/** How long an answer of the database is waited for, in ms. */
const answerMs = 15_000;
/** How long the audit trail is waited for after a change was made, in ms. */
const auditMs = 3_000;
/** Questions to the database at a time: its connections are needed for keys and usage events. */
const mostQuestions = 3;
/** How long the answer of a heavy question is given again, in ms. */
const rememberedMs = 5_000;
/** Exports at a time: each reads the database for as long as its client takes it. */
const mostReading = 4;
/** Questions that may wait for their turn. */
const mostWaiting = 200;

interface ServicesSettings {
  readonly now: () => number;
  readonly prices: Readonly<Record<string, PlanPrice>>;
  /** How long a change waits for a process to confirm it. */
  readonly confirmMs: number;
  /** Scopes that operators who are limited to a tenant may give. */
  readonly grantableScopes: readonly string[];
}

/** The app, its database and its switch, as the routes use them. */
export class Services {
  readonly #turns = new Turns(mostQuestions);
  #reading = 0;
  readonly #remembered = new Map<string, { readonly atMs: number; readonly answer: Promise<unknown> }>();
  readonly now: () => number;
  readonly grantableScopes: readonly string[];
  readonly #confirmMs: number;
  readonly #reports: Reports | undefined;

  constructor(
    readonly app: AdminApp,
    readonly live: LiveCounts,
    { now, prices, confirmMs, grantableScopes }: ServicesSettings,
  ) {
    this.now = now;
    this.#confirmMs = confirmMs;
    this.grantableScopes = grantableScopes;
    this.#reports = app.ledger && reports({ database: app.ledger.database, prices });
  }

  /** Throws a 404 where the app has none, as the following do. */
  get database(): Database {
    if (this.app.ledger) return this.app.ledger.database;
    throw notFound('This app keeps no ledger: give tollgate({ database }).');
  }

  get reports(): Reports {
    if (this.#reports) return this.#reports;
    throw notFound('This app keeps no ledger: give tollgate({ database }).');
  }

  get registry(): Registry {
    if (this.app.registry) return this.app.registry;
    throw notFound(
      'The keys and limits of this app are not in a database: give tollgate({ database }) without keys.',
    );
  }

  get switch(): SwitchStore {
    if (this.app.switch) return this.app.switch;
    throw notFound('This app has no switch: give tollgate({ switch }).');
  }

  get jobs(): NonNullable<AdminApp['jobs']> {
    if (this.app.jobs) return this.app.jobs;
    throw notFound('This app defers no requests: give tollgate({ jobs }).');
  }

  /** Throws a 404 where the app lacks what a route needs. */
  check(needs: AppPart | undefined): void {
    if (needs === 'ledger') void this.database;
    if (needs === 'registry') void this.registry;
    if (needs === 'switch') void this.switch;
    if (needs === 'jobs') void this.jobs;
  }

  /**
   * Asks the database in its turn, which lasts until the answer is there, also where its caller no longer waits for it. Rejects with a
   * TollgateError (503) where the database is away or late, and 429 where too many wait.
   */
  async ask<Result>(question: () => Promise<Result>): Promise<Result> {
    if (this.#turns.waiting >= mostWaiting) throw tooMany();
    let isLate = false;
    // A change whose caller has got its refusal must not begin later, unseen.
    const turn = this.#turns.run(() => (isLate ? Promise.reject(late()) : question()));
    const inTime = withinDeadline(answerMs, turn, () => {
      isLate = true;
      return late();
    });
    return stored(inTime);
  }

  /**
   * The same, or the answer that the same question got in the last 5 s: pages that show the caps of all tenants ask again and again. `name`
   * tells questions apart.
   */
  askOnce<Result>(name: string, question: () => Promise<Result>): Promise<Result> {
    const nowMs = performance.now();
    for (const [one, { atMs }] of this.#remembered)
      if (nowMs - atMs > rememberedMs) this.#remembered.delete(one);
    const known = this.#remembered.get(name);
    if (known) return known.answer as Promise<Result>;
    const answer = this.ask(question);
    this.#remembered.set(name, { atMs: nowMs, answer });
    answer.catch(() => this.#remembered.delete(name));
    return answer;
  }

  /** Begins a long read, such as an export, beside the turns; returns how to end it. Throws a TollgateError (429) for more than four at a time. */
  begin(): () => void {
    if (this.#reading >= mostReading) throw tooMany();
    this.#reading += 1;
    let isOver = false;
    return () => {
      if (!isOver) this.#reading -= 1;
      isOver = true;
    };
  }

  /** After a change, the next answers are new. */
  forget(): void {
    this.#remembered.clear();
  }

  /** The processes that have confirmed the changes of a kind; this one, where no other can have the database. */
  async readers(of: 'keys' | 'limits', withinMs = this.#confirmMs): Promise<readonly string[]> {
    this.forget();
    if (this.database.isEmbedded) return [processName];
    return this.registry.readers(of, Math.min(withinMs, this.#confirmMs)).catch(() => []);
  }

  /** The processes that apply the present state of the switch. */
  async switchReaders(): Promise<readonly string[]> {
    const store = this.switch;
    const { version = '' } = (await store.read()) ?? {};
    const endMs = performance.now() + this.#confirmMs;
    for (;;) {
      const names = (await store.confirmedBy?.(version).catch(() => [])) ?? [];
      if (names.length > 0 || performance.now() > endMs || !store.confirmedBy) return names;
      await delay(50);
    }
  }

  /** Writes the audit trail for what no registry records; `false`: it could not, and the action is taken all the same. */
  async audit(
    who: AdminIdentity,
    action: string,
    change: { tenant?: string | undefined; subject: string; facts?: Readonly<Record<string, unknown>> },
  ): Promise<boolean> {
    const { ledger } = this.app;
    if (!ledger) return false;
    const { tenant, subject, facts = {} } = change;
    try {
      const written = ledger.database
        .ready()
        .then(() =>
          writeAudit(ledger.database.query, who.name, { action, tenant, subject, facts }, this.now()),
        );
      await withinDeadline(auditMs, written, late);
      return true;
    } catch (error) {
      publish('tollgate:fault', () => ({ source: 'admin', what: 'audit', error: String(error) }));
      return false;
    }
  }
}

const late = (): Error => new Error(`no answer within ${answerMs} ms`);

/** A rejection of a store as a 503; errors of the request, and faults of our own, stay what they are. */
export async function stored<Result>(answer: Promise<Result> | Result): Promise<Result> {
  try {
    return await answer;
  } catch (error) {
    if (isTollgateError(error) || error instanceof TypeError || error instanceof RangeError) throw error;
    throw new TollgateError({
      status: 503,
      code: 'store_unavailable',
      message: 'The store behind this cannot be asked at the moment.',
      retryAfterMs: 2_000,
      cause: error,
    });
  }
}

const tooMany = (): TollgateError =>
  new TollgateError({
    status: 429,
    code: 'concurrency_exceeded',
    message: 'Too many questions of the admin API wait for the database.',
    retryAfterMs: 1_000,
  });
