import { publish } from '../lib/channel.js';
import { warnOnce } from '../lib/warning.js';
import { calendarSpan } from '../plans/calendar-window.js';
import type { Window, WindowSpan } from '../plans/window.js';
import { isHash, scopeSpanOf } from './counter-name.js';
import type { QuotaCounter, ReserveRequest } from './quota-store.js';
import type { ScopeSpan, SpendSource, WindowSpend } from './spend-source.js';

/** How soon a filled window is compared with the ledger again, in ms; each later comparison waits twice as long. */
const againMs = 2_000;
/** For this long after its definition was first seen, processes without it are expected: a difference shortens the wait again. In ms. */
const deployMs = 3_600_000;

export interface WindowFillerOptions {
  readonly source: SpendSource;
  /** The store's clock, ms since the epoch. */
  readonly now: () => number;
  /** Raises `used` of open windows to these amounts at least. */
  readonly raise: (partition: string, spends: readonly WindowSpend[]) => void | Promise<void>;
}

interface Filling {
  readonly partition: string;
  readonly counter: string;
  readonly span: ScopeSpan;
  readonly window: string;
  readonly definedMs: number;
  /** Resolves when it was filled once; absent when it has been. */
  first: Promise<void> | undefined;
  amount: number;
  waitMs: number;
  dueMs: number;
}

/**
 * Fills the windows of limits that are first used in the middle of one: their counters start at what the ledger says their scope has
 * spent. A charge by a process that does not know the limit yet, in a rolling deployment, is in the ledger alone, so the counter is
 * compared and raised again after 2 s, 4 s, 8 s and so on until the window ends; where it was too low, after 2 s again during the first
 * hour.
 */
export class WindowFiller {
  readonly #options: WindowFillerOptions;
  readonly #firstSeen = new Map<string, number>();
  /** Definitions that are older than their windows. */
  readonly #done = new Set<string>();
  /** Definitions of which some counter could not be filled. */
  readonly #unfilled = new Set<string>();
  readonly #asked = new Map<string, Promise<void>>();
  readonly #fillings = new Map<string, Filling>();
  /** The windows of the next reading. */
  #next: { readonly fillings: Set<Filling>; readonly done: Promise<void> } | undefined;
  #reading: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `undefined`: that source knows no scopes, so every window begins at 0. */
  static of(options: WindowFillerOptions): WindowFiller | undefined {
    const { definedAt, spentBy } = options.source;
    return definedAt && spentBy ? new WindowFiller(options) : undefined;
  }

  private constructor(options: WindowFillerOptions) {
    this.#options = options;
  }

  /** Resolves when the windows of these counters are filled, and rejects where the ledger fails; nothing where they already are. */
  filled(partition: string, counters: readonly QuotaCounter[]): Promise<void> | undefined {
    let waits: Promise<void>[] | undefined;
    for (const counter of counters) {
      const { definition } = counter;
      if (definition === undefined || this.#done.has(definition)) continue;
      const wait = this.#fill(partition, counter, definition);
      if (wait) waits = [...(waits ?? []), wait];
    }
    return waits && Promise.all(waits).then(() => undefined);
  }

  /** The same for all alternatives of a request. */
  filledFor({
    partition,
    alternatives,
  }: Pick<ReserveRequest, 'partition' | 'alternatives'>): Promise<void> | undefined {
    let waits: Promise<void>[] | undefined;
    for (const { charges } of alternatives) {
      const wait = this.filled(partition, charges);
      if (wait) waits = [...(waits ?? []), wait];
    }
    return waits && Promise.all(waits).then(() => undefined);
  }

  /** Fills every window again: the store has lost its counters. */
  again(): void {
    for (const [name, filling] of this.#fillings) this.#start(filling, name);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#fillings.clear();
  }

  #fill(partition: string, counter: QuotaCounter, definition: string): Promise<void> | undefined {
    const definedMs = this.#firstSeen.get(definition);
    if (definedMs === undefined) {
      return this.#ask(definition).then(() => this.#fill(partition, counter, definition));
    }
    const nowMs = this.#options.now();
    const span = spanOf(counter.window, nowMs);
    if (span.startMs >= definedMs) {
      this.#done.add(definition);
      return undefined;
    }
    const asked = counter.window.kind === 'calendar' ? scopeSpanOf(counter.counter, span) : undefined;
    if (!asked) {
      // One caller's value concerns its own counter alone: the definition's other counters are still filled.
      if (this.#unfilled.has(definition)) return undefined;
      this.#unfilled.add(definition);
      void this.#warnIfSpent(definition, counter, span).catch(failed);
      return undefined;
    }
    const name = `${counter.counter} ${span.id}`;
    const known = this.#fillings.get(name);
    if (known) return known.first;
    const filling: Filling = {
      ...{ partition, counter: counter.counter, window: span.id, span: asked, definedMs },
      ...{ first: undefined, amount: 0, waitMs: againMs, dueMs: nowMs + againMs },
    };
    this.#fillings.set(name, filling);
    this.#timer ??= setInterval(() => this.#compare(), againMs / 2).unref();
    return this.#start(filling, name);
  }

  /** For a limit by whose scope or unit the ledger cannot be searched. */
  async #warnIfSpent(definition: string, { counter }: QuotaCounter, span: WindowSpan): Promise<void> {
    const [, tenant] = /\/tenant=([^/]*)/.exec(counter) ?? [];
    const scope = tenant === undefined || isHash(tenant) ? {} : { tenant: decodeURIComponent(tenant) };
    const { startMs, endMs } = span;
    const [spent = 0] =
      (await this.#options.source.spentBy?.([{ unit: 'usd', scope, startMs, endMs }])) ?? [];
    if (spent === 0) return;
    warnOnce(
      'TOLLGATE_W_LIMIT_FROM_ZERO',
      `The limit "${definition}" is used for the first time in the middle of its window, and its counters start at 0: by its scope or unit, the ledger cannot tell what was spent before.`,
      definition,
    );
  }

  /** Learns when a definition was first seen; once at a time for each. */
  #ask(definition: string): Promise<void> {
    const asked =
      this.#asked.get(definition) ??
      (this.#options.source.definedAt?.([definition]) ?? Promise.resolve([0]))
        .then(([definedMs = 0]) => void this.#firstSeen.set(definition, definedMs))
        .finally(() => this.#asked.delete(definition));
    this.#asked.set(definition, asked);
    return asked;
  }

  /** Fills one window; requests wait for it. One that failed is tried again by the next request. */
  #start(filling: Filling, name: string): Promise<void> {
    const first = this.#read([filling]).then(
      () => {
        filling.first = undefined;
      },
      (cause: unknown) => {
        filling.first = undefined;
        this.#fillings.delete(name);
        failed(cause);
        throw cause;
      },
    );
    first.catch(() => undefined);
    filling.first = first;
    return first;
  }

  #compare(): void {
    const nowMs = this.#options.now();
    const due: Filling[] = [];
    for (const [name, filling] of this.#fillings) {
      if (nowMs >= filling.span.endMs) this.#fillings.delete(name);
      else if (nowMs >= filling.dueMs && !filling.first) due.push(filling);
    }
    if (this.#fillings.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    if (due.length === 0) return;
    for (const filling of due) {
      filling.waitMs *= 2;
      filling.dueMs = nowMs + filling.waitMs;
    }
    void this.#read(due).catch(failed);
  }

  /** One reading at a time; windows that are asked for meanwhile are read together. */
  #read(fillings: readonly Filling[]): Promise<void> {
    if (this.#next) {
      for (const filling of fillings) this.#next.fillings.add(filling);
      return this.#next.done;
    }
    const together = new Set(fillings);
    const before = this.#reading ?? Promise.resolve();
    const done = before
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#raise([...together]);
      });
    this.#next = { fillings: together, done };
    this.#reading = done;
    return done;
  }

  async #raise(fillings: readonly Filling[]): Promise<void> {
    const { source, now, raise } = this.#options;
    await source.caughtUp?.();
    const amounts = (await source.spentBy?.(fillings.map(({ span }) => span))) ?? [];
    const nowMs = now();
    const byPartition = new Map<string, WindowSpend[]>();
    const raised: WindowSpend[] = [];
    for (const [index, filling] of fillings.entries()) {
      const amount = amounts[index] ?? 0;
      const { partition, counter, window, definedMs } = filling;
      if (amount > filling.amount && nowMs - definedMs < deployMs) {
        filling.waitMs = againMs;
        filling.dueMs = nowMs + againMs;
      }
      const isMore = amount > filling.amount;
      filling.amount = Math.max(filling.amount, amount);
      if (amount <= 0) continue;
      if (isMore) raised.push({ counter, window, amount });
      byPartition.set(partition, [...(byPartition.get(partition) ?? []), { counter, window, amount }]);
    }
    await Promise.all([...byPartition].map(([partition, spends]) => raise(partition, spends)));
    for (const spend of raised) publish('tollgate:store', () => ({ operation: 'fill', ...spend }));
  }
}

function failed(cause: unknown): void {
  publish('tollgate:fault', () => ({
    source: 'restore',
    error: cause instanceof Error ? cause.name : undefined,
  }));
}

/** The window that a charge at that time falls into; of a bucket, the time in which it refills. */
function spanOf(window: Window, nowMs: number): WindowSpan {
  if (window.kind === 'calendar') return calendarSpan(window, nowMs);
  const sinceMs = window.kind === 'bucket' ? (window.periodMs * window.burst) / window.rate : 0;
  return { id: window.kind, startMs: nowMs - sinceMs, endMs: nowMs };
}
