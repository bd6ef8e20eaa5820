import type { QuotaStore, UsageEvent } from '@tollgate/core';
import type {
  AdjustRequest,
  ChargeRequest,
  ChargeResult,
  CounterState,
  CoverRequest,
  ExtendRequest,
  QuotaAlternative,
  QuotaCharge,
  QuotaCounter,
  QuotaRefusal,
  RenewRequest,
  ReserveRequest,
  ReserveResult,
} from '@tollgate/core/internal';
import { ModelBooks } from './quota-model-books.js';
import { modelDecision, modelState } from './quota-model-decision.js';
import { type ModelAttempt, type ModelLease, modelCloses, modelReaps } from './quota-model-lease.js';
import { windowIdAt } from './quota-model-window.js';

const ended: QuotaRefusal = { blockedBy: 'closed' };

/**
 * The quota engine in its plainest form: lists of events, added up again for every query. Slow, without memory bounds, and written without
 * the engine's code, so that the two can be compared. Windows in UTC only.
 */
export class QuotaModel implements QuotaStore {
  readonly books: ModelBooks;
  readonly events: UsageEvent[] = [];
  readonly #now: () => number;
  #longestLeaseMs = 60_000;

  constructor(now: () => number, thresholds: readonly number[] = [0.5, 0.8, 1]) {
    this.#now = now;
    this.books = new ModelBooks(thresholds);
  }

  async reserve(request: ReserveRequest): Promise<ReserveResult> {
    const nowMs = this.#tick();
    const known = this.#lease(request.id, nowMs);
    if (known?.state === 'live' && known.answer) return known.answer;
    if (known) return { ok: false, refusal: ended, nowMs };
    const decision = modelDecision(this.books, request.alternatives, nowMs);
    if ('blockedBy' in decision) return { ok: false, refusal: decision, nowMs };
    const { id, leaseMs, attemptId } = request;
    const lease: ModelLease = {
      id,
      leaseMs,
      state: 'live',
      expiresAtMs: nowMs + leaseMs,
      forgottenAtMs: Number.POSITIVE_INFINITY,
      holds: [],
      attempts: [],
      extensions: [],
      declared: attemptId,
      answer: undefined,
    };
    this.#longestLeaseMs = Math.max(this.#longestLeaseMs, leaseMs);
    this.books.leases.push(lease);
    const taken = request.alternatives[decision.alternative];
    lease.answer = this.#take(lease, decision.alternative, taken, decision.granted, attemptId, nowMs, false);
    return lease.answer;
  }

  async extend({ id, charges }: ExtendRequest): Promise<ReserveResult> {
    const nowMs = this.#tick();
    const lease = this.#lease(id, nowMs);
    for (const extension of lease?.extensions ?? []) {
      const asked = (list: readonly QuotaCharge[]): string =>
        JSON.stringify(list.map(({ counter, limit, want }) => [counter, limit, want]));
      if (asked(extension.charges) === asked(charges)) return extension.answer;
    }
    if (lease?.state !== 'live') return { ok: false, refusal: ended, nowMs };
    const decision = modelDecision(this.books, [{ charges }], nowMs, { lease, covers: false });
    let answer: ReserveResult;
    if ('blockedBy' in decision) {
      modelCloses(this.books, lease, nowMs);
      answer = { ok: false, refusal: decision, nowMs };
    } else {
      lease.expiresAtMs = nowMs + lease.leaseMs;
      const declared = lease.attempts.find((attempt) => attempt.id === lease.declared);
      const running = declared?.state === 'running' ? declared.id : undefined;
      answer = this.#take(lease, 0, { charges }, decision.granted, running, nowMs, false);
    }
    lease.extensions.push({ charges, answer });
    return answer;
  }

  async cover({ id, attemptId, alternatives }: CoverRequest): Promise<ReserveResult> {
    const nowMs = this.#tick();
    const lease = this.#lease(id, nowMs);
    if (lease?.state !== 'live') return { ok: false, refusal: ended, nowMs };
    const known = lease.attempts.find((attempt) => attempt.id === attemptId);
    if (known?.covered) return known.covered;
    const decision = modelDecision(this.books, alternatives, nowMs, { lease, covers: true });
    if ('blockedBy' in decision) return { ok: false, refusal: decision, nowMs };
    lease.expiresAtMs = nowMs + lease.leaseMs;
    for (const cost of known?.costs ?? []) cost.floor = 0;
    const { alternative, granted } = decision;
    const answer = this.#take(lease, alternative, alternatives[alternative], granted, attemptId, nowMs, true);
    attemptOf(lease, attemptId).covered = answer;
    return answer;
  }

  async charge(request: ChargeRequest): Promise<ChargeResult> {
    const nowMs = this.#tick();
    const lease = this.#lease(request.id, nowMs) ?? this.#remember(request.id, nowMs);
    const attempt = attemptOf(lease, request.attemptId);
    const outcome =
      attempt.state === 'running' ? 'charged' : attempt.state === 'reaped' ? 'adjusted' : 'repeated';
    const crossed = request.items.flatMap((item) => this.books.takeUnreported(item, item.windowId, nowMs));
    if (outcome !== 'repeated') {
      const differences = [];
      for (const item of request.items) {
        const { counter, windowId, amount } = item;
        if (item.window.kind === 'live') continue;
        const hold = lease.holds.find(
          (one) => lease.state === 'live' && one.counter.counter === counter && one.window === windowId,
        );
        const release = Math.min(item.release, hold?.amount ?? 0);
        if (hold) hold.amount -= release;
        const cost = attempt.costs.find(
          (one) => one.counter.counter === counter && one.window === windowId && one.charged > 0,
        );
        const difference = amount - (cost?.charged ?? 0);
        if (cost) cost.charged = 0;
        crossed.push(...this.books.use(item, windowId, difference, release, nowMs));
        if (difference !== 0) differences.push({ counter, window: windowId, amount: difference });
      }
      for (const { counter, window, charged } of attempt.costs) {
        if (charged === 0) continue;
        this.books.use(counter, window, -charged, 0, nowMs);
        differences.push({ counter: counter.counter, window, amount: -charged });
      }
      const written = attempt.event;
      if (outcome === 'adjusted' && written) {
        const costNanoUsd = String(Number(request.event.costNanoUsd) - Number(written.costNanoUsd));
        this.events.push({
          ...request.event,
          kind: 'adjustment',
          adjusts: written.eventId,
          costNanoUsd,
          charges: differences,
        });
      } else this.events.push(request.event);
      attempt.state = 'charged';
      attempt.costs = [];
    }
    if (request.close) modelCloses(this.books, lease, nowMs);
    const states = request.items.map((item) => modelState(this.books, item, item.windowId, nowMs));
    return { outcome, recorded: true, states, crossed };
  }

  async renew({ id, running }: RenewRequest): Promise<boolean> {
    const nowMs = this.#tick();
    const lease = this.#lease(id, nowMs);
    if (lease?.state !== 'live') return false;
    lease.expiresAtMs = nowMs + lease.leaseMs;
    for (const { attemptId, items, event } of running) {
      const attempt = attemptOf(lease, attemptId);
      if (attempt.state !== 'running') continue;
      attempt.event = event;
      for (const cost of attempt.costs) [cost.floor, cost.running] = [0, 0];
      for (const { counter, windowId, amount } of items) {
        const hold = lease.holds.find((one) => one.counter.counter === counter && one.window === windowId);
        if (hold) costOf(attempt, hold.counter, windowId).running = amount;
      }
    }
    return true;
  }

  async close({ id }: { id: string }): Promise<void> {
    const nowMs = this.#tick();
    const lease = this.#lease(id, nowMs);
    if (lease) modelCloses(this.books, lease, nowMs);
    else this.#remember(id, nowMs);
  }

  async adjust({ id, charges, recorded }: AdjustRequest): Promise<boolean> {
    if (!(await recorded())) return false;
    const nowMs = this.#tick();
    if (this.#lease(id, nowMs)) return true;
    this.#remember(id, nowMs);
    for (const { counter, window, amount } of charges) this.books.adjust(counter, window, amount, nowMs);
    return true;
  }

  async read(_partition: string, counters: readonly QuotaCounter[]): Promise<readonly CounterState[]> {
    const nowMs = this.#tick();
    return counters.map((counter) => modelState(this.books, counter, windowIdAt(counter, nowMs), nowMs));
  }

  async end(): Promise<void> {}

  /** Reaps expired leases, soonest first. */
  #tick(): number {
    const nowMs = this.#now();
    const due = this.books.leases
      .filter(({ state, expiresAtMs }) => state === 'live' && expiresAtMs <= nowMs)
      .sort((a, b) => a.expiresAtMs - b.expiresAtMs || (a.id < b.id ? -1 : 1));
    for (const lease of due) this.events.push(...modelReaps(this.books, lease, nowMs));
    return nowMs;
  }

  #lease(id: string, nowMs: number): ModelLease | undefined {
    return this.books.leases.find((lease) => lease.id === id && lease.forgottenAtMs > nowMs);
  }

  #remember(id: string, nowMs: number): ModelLease {
    const leaseMs = this.#longestLeaseMs;
    const forgottenAtMs = nowMs + 2 * leaseMs;
    const lease: ModelLease = {
      id,
      leaseMs,
      state: 'closed',
      expiresAtMs: nowMs,
      forgottenAtMs,
      holds: [],
      attempts: [],
      extensions: [],
      declared: undefined,
      answer: undefined,
    };
    this.books.leases.push(lease);
    return lease;
  }

  #take(
    lease: ModelLease,
    alternative: number,
    taken: QuotaAlternative | undefined,
    granted: readonly number[],
    attemptId: string | undefined,
    nowMs: number,
    covers: boolean,
  ): ReserveResult {
    const charges = taken?.charges ?? [];
    const windows = charges.map((charge) => {
      const held = lease.holds.filter((one) => one.counter.counter === charge.counter).at(-1);
      return covers && charge.want === 0 && held ? held.window : windowIdAt(charge, nowMs);
    });
    if (attemptId !== undefined && taken?.event) attemptOf(lease, attemptId).event = taken.event;
    charges.forEach((charge, index) => {
      const [window = '', amount = 0] = [windows[index], granted[index]];
      const held = lease.holds.find((one) => one.counter.counter === charge.counter && one.window === window);
      if (held) held.amount += amount;
      else lease.holds.push({ counter: charge, window, amount });
      this.books.draw(charge, amount, nowMs);
      if (attemptId !== undefined) {
        costOf(attemptOf(lease, attemptId), charge, window).floor += charge.floor ?? 0;
      }
    });
    if (attemptId !== undefined) attemptOf(lease, attemptId);
    return {
      ok: true,
      alternative,
      grants: charges.map(({ counter }, index) => ({
        counter,
        window: windows[index] ?? '',
        granted: granted[index] ?? 0,
      })),
      states: charges.map((charge, index) => modelState(this.books, charge, windows[index] ?? '', nowMs)),
      crossed: charges.flatMap((charge, index) =>
        this.books.takeUnreported(charge, windows[index] ?? '', nowMs),
      ),
      nowMs,
      expiresAtMs: lease.expiresAtMs,
    };
  }
}

function attemptOf(lease: ModelLease, id: string): ModelAttempt {
  const known = lease.attempts.find((attempt) => attempt.id === id);
  if (known) return known;
  const attempt: ModelAttempt = { id, state: 'running', costs: [], event: undefined, covered: undefined };
  lease.attempts.push(attempt);
  return attempt;
}

function costOf(attempt: ModelAttempt, counter: QuotaCounter, window: string): ModelAttempt['costs'][number] {
  const known = attempt.costs.find((one) => one.counter.counter === counter.counter && one.window === window);
  if (known) return known;
  const cost = { counter, window, floor: 0, running: 0, charged: 0 };
  attempt.costs.push(cost);
  return cost;
}
