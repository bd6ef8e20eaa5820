import { type CounterState, newId, type QuotaCounter, WindowCounter } from '@tollgate/core/internal';
import { type GrantOrder, partOf, type SliceGrant } from './slice-grant.js';

/**
 * The leased amount of one counter in one of its windows in this process, and its use: requests are admitted against it in memory. The
 * leased amount always equals the sum of the amounts held by requests, used and not yet flushed, and free.
 */
export class Slice extends WindowCounter {
  used = 0;
  held = 0;
  /** The part of `used` that was flushed to the store. */
  told = 0;
  /** The counter's latest state in the store, with the amount that it held for this process then. */
  seen: { readonly state: CounterState; readonly leased: number; readonly told: number } | undefined;
  readonly grants: SliceGrant[] = [];

  constructor(
    readonly counter: QuotaCounter,
    /** Where the counter lives. */
    readonly partition: string,
    readonly windowId: string,
    /** When its window ends, by the store's clock; absent: it has no end. */
    readonly endsAtMs: number | undefined,
  ) {
    super();
  }

  get resetsAtMs(): number | undefined {
    return this.seen?.state.resetsAtMs ?? this.endsAtMs;
  }

  hold(amount: number): void {
    this.held += amount;
    let rest = amount;
    for (const grant of this.grants) {
      const part = Math.min(rest, grant.unadmitted);
      grant.unadmitted -= part;
      rest -= part;
      if (rest === 0) return;
    }
  }

  settle(amount: number, release: number): void {
    this.used += amount;
    this.held -= release;
  }

  /** Unknown: time alone does not decide it in this process; the store does. */
  waitMs(): undefined {
    return undefined;
  }

  override hasEnded(nowMs: number): boolean {
    return this.endsAtMs !== undefined && this.endsAtMs <= nowMs;
  }

  /** Nothing would be missed. */
  isOver(): boolean {
    return this.references === 0 && this.grants.length === 0 && this.held === 0 && this.used <= this.told;
  }

  /** The amount that the store holds for this process. */
  get leased(): number {
    let sum = 0;
    for (const { left } of this.grants) sum += left;
    return sum;
  }

  /** More was used than is leased for it. */
  get isOverrun(): boolean {
    return this.held + this.#due > this.leased;
  }

  /** The leased amount that no admitted request needs. */
  spare(atMs: number): number {
    let live = 0;
    for (const { left, expiresAtMs } of this.grants) if (expiresAtMs > atMs) live += left;
    return Math.max(0, live - this.held - (this.used - this.told));
  }

  /** The part of it that further requests may be admitted to. */
  free(atMs: number): number {
    let fresh = 0;
    for (const { left, expiresAtMs, freshUntilMs } of this.grants) {
      if (expiresAtMs > atMs && freshUntilMs > atMs) fresh += left;
    }
    return Math.min(fresh, this.spare(atMs));
  }

  /** The cap with which the engine in memory admits exactly the free amount. */
  limit(atMs: number): number {
    return Math.max(0, this.used + this.held + this.free(atMs));
  }

  /** Amounts admitted by this process count at once; amounts leased ahead and not yet admitted do not. */
  state(limit = this.counter.limit): CounterState {
    const { seen } = this;
    const used = Math.max(0, (seen?.state.used ?? 0) + this.used - (seen?.told ?? 0));
    const held = Math.max(0, (seen?.state.held ?? 0) - (seen?.leased ?? 0)) + this.held;
    return {
      counter: this.counter.counter,
      window: this.windowId,
      unit: this.counter.unit,
      limit,
      used,
      held,
      left: Math.max(0, limit - used - held),
      resetsAtMs: this.resetsAtMs,
    };
  }

  /** Adds a lease that the store has just granted, with the counter's reported state. */
  grant(grant: SliceGrant, state: CounterState): void {
    this.grants.push(grant);
    this.see(state);
  }

  see(state: CounterState): void {
    this.seen = { state, leased: this.leased, told: this.told };
  }

  /**
   * Takes the used and unflushed amounts out of the leases, oldest first, and marks them as being flushed. Where more was used than leased,
   * the rest is flushed as it is: real usage is never clamped.
   */
  settlements(atMs: number): GrantOrder[] {
    this.age(atMs);
    const orders: GrantOrder[] = [];
    for (const grant of [...this.grants]) {
      const { left, expiresAtMs, leaseMs } = grant;
      if (expiresAtMs > atMs) {
        const amount = Math.min(this.#due, left, this.#unneeded);
        if (amount > 0) orders.push(this.#order(grant, amount, amount));
      } else if (atMs >= expiresAtMs + 2 * leaseMs) this.#absorb(grant);
      else if (this.#unneeded >= left) orders.push(this.#order(grant, Math.min(this.#due, left), left));
    }
    const beyond = this.#due;
    if (beyond > 0) {
      this.told += beyond;
      const id = newId();
      orders.push({ part: { id, attemptId: id, nextAttemptId: id }, amount: beyond, release: 0, left: 0 });
    }
    return orders;
  }

  /**
   * An amount drawn from a token bucket that is too old to be admitted has partly refilled meanwhile, and counts as used: returning it to
   * the bucket would admit the refilled part twice.
   */
  age(atMs: number): void {
    if (this.counter.window.kind !== 'bucket') return;
    for (const grant of this.grants) {
      if (grant.freshUntilMs > atMs) continue;
      this.used += grant.unadmitted;
      grant.unadmitted = 0;
    }
  }

  get #due(): number {
    return Math.max(0, this.used - this.told);
  }

  /** The leased amount, expired or not, beyond the amounts held by requests. An expired lease is kept, as spent, while they may need it. */
  get #unneeded(): number {
    return Math.max(0, this.leased - this.held);
  }

  /** The store charged all of a grant long ago, and no correction of that is possible any more: its used amount counts as charged. */
  #absorb(grant: SliceGrant): void {
    const amount = Math.min(this.#due, grant.left);
    this.told += amount;
    grant.left -= amount;
    if (this.#unneeded >= grant.left) this.#remove(grant);
  }

  #remove(grant: SliceGrant): void {
    this.grants.splice(this.grants.indexOf(grant), 1);
  }

  /** Returns this much of the surplus, latest lease first; to a token bucket only amounts released by requests. */
  giveBack(amount: number, atMs: number): GrantOrder[] {
    this.age(atMs);
    const orders: GrantOrder[] = [];
    const isBucket = this.counter.window.kind === 'bucket';
    const kept = isBucket ? this.grants.reduce((sum, { unadmitted }) => sum + unadmitted, 0) : 0;
    let rest = Math.min(amount, Math.max(0, this.spare(atMs) - kept));
    for (const grant of isBucket ? [...this.grants] : [...this.grants].reverse()) {
      if (grant.expiresAtMs <= atMs) continue;
      const part = Math.min(rest, grant.left);
      if (part === 0) continue;
      orders.push(this.#order(grant, 0, part));
      rest -= part;
    }
    return orders;
  }

  /** Gives a whole grant back, if all of it is spare. */
  retire(grant: SliceGrant, atMs: number): GrantOrder[] {
    const known = this.grants.includes(grant) && grant.expiresAtMs > atMs;
    return known && this.spare(atMs) >= grant.left ? [this.#order(grant, 0, grant.left)] : [];
  }

  #order(grant: SliceGrant, amount: number, release: number): GrantOrder {
    this.told += amount;
    grant.left -= release;
    const order = { part: partOf(grant), amount, release, left: grant.left };
    grant.turns += 1;
    if (grant.left === 0) this.#remove(grant);
    return order;
  }
}
