import { FairQueue, type LaneSettings, whenReady } from '@tollgate/core/internal';
import type { Clock } from './clock.js';
import type { PermitLimit } from './permit-limit.js';
import type { SharedPermits, Taking } from './shared-permits.js';
import type { Entrant, Ticket, TurnedAway } from './ticket.js';

export interface GateSettings {
  readonly lanes: readonly LaneSettings[];
  readonly limit: PermitLimit;
  /** Share of the limit below which batch work is admitted. */
  readonly batchShare: number;
  readonly queueSize: number;
  readonly perTenant: number;
  /** Share of the free permits that one tenant may take, 0 < share ≤ 1. */
  readonly tenantShare: number;
  /** Permits that all processes share. Absent: this process's own are all. */
  readonly shared?: SharedPermits | undefined;
  readonly clock: Clock;
}

/** Time until a process asks again where all shared permits are taken, in ms. */
const askAgainMs = 25;

/** Admits up to a limit, lets the others wait in a fair queue, and gives each freed permit to the next waiter. */
export class Gate {
  readonly #settings: GateSettings;
  readonly #queue: FairQueue<Ticket>;
  /** Requests that have a permit here, or are acquiring the shared one. */
  #running = 0;
  /** The same by tenant. */
  readonly #runningOf = new Map<string, number>();
  /** The first tenant seen, until there is a second one: a tenant alone may take all. */
  #only: string | undefined;
  #areSeveral = false;
  #asking = 0;
  /** The shared permits were all taken when last asked for: one asks at a time, and none before this is called off. */
  #scarce = false;
  #pause: (() => void) | undefined;
  #closed = false;
  #dispatching = false;

  constructor(settings: GateSettings) {
    this.#settings = settings;
    this.#queue = new FairQueue(settings.lanes, settings.queueSize);
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Whether a request of this lane and tenant would be admitted at once. */
  hasRoom(lane: number, tenant: string): boolean {
    const batch = this.#settings.lanes[lane]?.batch === true;
    if (this.#running >= this.#room(batch) || !this.#mayAsk() || !this.#mayTake(tenant)) return false;
    return batch ? this.#queue.size === 0 : !this.#queue.hasUrgent(this.#mayTake);
  }

  /**
   * Whether a tenant may take one more permit: while it has less than its share of its own and the free permits. So none of several tenants
   * can take all permits, no matter how long each is held.
   */
  readonly #mayTake = (tenant: string): boolean => {
    const { tenantShare, limit } = this.#settings;
    if (!this.#areSeveral || tenantShare >= 1) return true;
    const own = this.#runningOf.get(tenant) ?? 0;
    const free = limit.value - this.#running;
    return own * (1 - tenantShare) < tenantShare * free;
  };

  #count(tenant: string, by: 1 | -1): void {
    this.#running += by;
    const own = (this.#runningOf.get(tenant) ?? 0) + by;
    if (own > 0) this.#runningOf.set(tenant, own);
    else this.#runningOf.delete(tenant);
  }

  #notice(tenant: string): void {
    this.#only ??= tenant;
    this.#areSeveral ||= tenant !== this.#only;
  }

  /** Requests a permit. The caller must pass the ticket to {@link Gate.end} once, with any outcome. */
  enter(entrant: Entrant): Ticket {
    const ticket = this.#ticketOf(entrant, 'waiting');
    this.#notice(entrant.tenant);
    if (this.#closed) this.#turnAway(ticket, 'closed');
    else if (this.hasRoom(entrant.lane, entrant.tenant)) this.#start(ticket);
    else this.#queueUp(ticket);
    return ticket;
  }

  /** Counts a request that passes regardless of the limit, for shadow mode. */
  pass(entrant: Entrant): Ticket {
    const ticket = this.#ticketOf(entrant, 'running');
    this.#count(entrant.tenant, 1);
    ticket.running = Math.min(this.#running, this.#settings.limit.value);
    return ticket;
  }

  /** Gives the permit back, or leaves the queue. Does nothing the second time. */
  end(ticket: Ticket): void {
    const { state } = ticket;
    if (state === 'ended') return;
    ticket.state = 'ended';
    if (state === 'waiting') this.#leaveQueue(ticket);
    // A ticket that is asking keeps its permit until the response arrives.
    if (state === 'running') this.#free(ticket);
    this.#dispatch();
  }

  /** The limit may have changed. */
  changed(): void {
    this.#dispatch();
  }

  /** Turns away all waiters, and all requests that arrive later. */
  close(): void {
    this.#closed = true;
    for (let waiter = this.#queue.take(true); waiter; waiter = this.#queue.take(true)) {
      waiter.item.waiter = undefined;
      this.#turnAway(waiter.item, 'closed');
    }
    this.#pause?.();
    this.#pause = undefined;
  }

  #ticketOf(entrant: Entrant, state: Ticket['state']): Ticket {
    const nowMs = this.#settings.clock.now();
    return {
      entrant,
      enteredAtMs: nowMs,
      state,
      admittedAtMs: nowMs,
      running: 0,
      lease: undefined,
      waiter: undefined,
      cancelTimer: undefined,
    };
  }

  #room(batch: boolean): number {
    const { limit, batchShare } = this.#settings;
    return batch ? Math.max(1, Math.floor(limit.value * batchShare)) : limit.value;
  }

  /** Whether the shared permits may be asked now. */
  #mayAsk(): boolean {
    return !this.#scarce || (this.#asking === 0 && this.#pause === undefined);
  }

  #queueUp(ticket: Ticket): void {
    const { lane, tenant, timeoutMs } = ticket.entrant;
    const reason = this.#makeWay(lane, tenant);
    if (reason) {
      this.#turnAway(ticket, reason);
      return;
    }
    ticket.waiter = this.#queue.put(ticket, lane, tenant);
    ticket.cancelTimer = this.#settings.clock.after(timeoutMs, () => {
      if (ticket.state === 'waiting') this.#leaveQueue(ticket);
      this.#turnAway(ticket, 'timeout');
    });
  }

  /** Sees to it that one more may wait, at the cost of a lower plan; else why it may not. */
  #makeWay(lane: number, tenant: string): TurnedAway | undefined {
    const { queueSize, perTenant } = this.#settings;
    if (queueSize > 0 && this.#queue.sizeOf(lane, tenant) >= perTenant) return 'tenant_full';
    if (this.#queue.size < queueSize) return undefined;
    const victim = this.#queue.victimOf(lane)?.item;
    if (!victim) return 'full';
    this.#leaveQueue(victim);
    this.#turnAway(victim, 'displaced');
    return undefined;
  }

  #leaveQueue(ticket: Ticket): void {
    ticket.cancelTimer?.();
    if (ticket.waiter) this.#queue.remove(ticket.waiter);
    ticket.waiter = undefined;
  }

  #turnAway(ticket: Ticket, reason: TurnedAway): void {
    if (ticket.state === 'ended') return;
    ticket.state = 'ended';
    ticket.cancelTimer?.();
    ticket.entrant.turnAway(reason);
  }

  /** Gives free permits to those whose turn it is. One that is admitted may end at once: the loop that runs sees to it. */
  #dispatch(): void {
    if (this.#dispatching) return;
    this.#dispatching = true;
    while (this.#queue.size > 0 && this.#running < this.#room(false) && this.#mayAsk()) {
      const waiter = this.#queue.take(this.#running < this.#room(true), this.#mayTake);
      if (!waiter) break;
      this.#start(waiter.item);
    }
    this.#dispatching = false;
  }

  #start(ticket: Ticket): void {
    const { shared } = this.#settings;
    this.#count(ticket.entrant.tenant, 1);
    ticket.running = this.#running;
    if (!shared) {
      this.#admit(ticket);
      return;
    }
    ticket.state = 'asking';
    this.#asking += 1;
    void whenReady(shared.take(this.#running), (taking) => this.#answered(ticket, taking));
  }

  #answered(ticket: Ticket, taking: Taking): void {
    this.#asking -= 1;
    if (taking.outcome === 'taken') {
      this.#scarce = false;
      ticket.lease = taking.lease;
      if (ticket.state === 'ended') this.#free(ticket);
      else this.#admit(ticket);
    } else {
      this.#count(ticket.entrant.tenant, -1);
      if (taking.outcome === 'unavailable') this.#turnAway(ticket, 'store_unavailable');
      else this.#askLater(ticket);
    }
    this.#dispatch();
  }

  /** All shared permits are taken: ask again when a permit of this process is freed, or after a while. */
  #askLater(ticket: Ticket): void {
    this.#scarce = true;
    this.#pause ??= this.#settings.clock.after(askAgainMs, () => {
      this.#pause = undefined;
      this.#dispatch();
    });
    this.#waitOn(ticket);
  }

  /** Back to the head of the queue, or, for one that has not waited yet, into it. */
  #waitOn(ticket: Ticket): void {
    if (ticket.state === 'ended') return;
    ticket.state = 'waiting';
    if (ticket.waiter) this.#queue.putBack(ticket.waiter);
    else this.#queueUp(ticket);
  }

  #admit(ticket: Ticket): void {
    ticket.state = 'running';
    ticket.cancelTimer?.();
    ticket.admittedAtMs = this.#settings.clock.now();
    ticket.entrant.admit(ticket);
  }

  #free(ticket: Ticket): void {
    this.#count(ticket.entrant.tenant, -1);
    if (ticket.lease !== undefined) this.#settings.shared?.give(ticket.lease);
    this.#pause?.();
    this.#pause = undefined;
  }
}
