import { AsyncResource } from 'node:async_hooks';
import { isTollgateError, type TollgateContext, type TollgateError } from '@tollgate/core';
import { type CallStep, cutIdleClient, publish, type RequestEnd } from '@tollgate/core/internal';
import type { CallerHold } from './caller-counts.js';
import { concurrencyExceededError, turnedAwayError } from './concurrency-error.js';
import type { PlacesDesk } from './places-desk.js';
import type { Sample } from './places-limit.js';
import type { Entrant, Ticket, TurnedAway } from './ticket.js';

/** What becomes of a request: it goes on, or is refused. */
export interface Ways {
  goAhead(): void;
  refuse(error: TollgateError): void;
}

const nothing: CallerHold = [];

/** The place of one request, from asking for it until the client has left, or the response has closed and no call of it runs any more. */
export class RequestPlace implements CallStep, Entrant {
  readonly name: string;
  readonly stage = 'record';
  readonly tenant: string;
  lane = 0;
  timeoutMs = 0;
  /** When the answer's headers were sent, by the desk's clock. */
  answeredAtMs: number | undefined;
  readonly #desk: PlacesDesk;
  readonly #context: TollgateContext;
  #batch = false;
  #ways: Ways | undefined;
  #ticket: Ticket | undefined;
  #hold = nothing;

  constructor(desk: PlacesDesk, context: TollgateContext) {
    this.#desk = desk;
    this.#context = context;
    this.name = desk.stepName;
    this.tenant = context.caller?.tenant ?? '';
  }

  get isBatch(): boolean {
    return this.#batch;
  }

  /** Asks for a place; a request that has one already gives it back and asks anew. Throws a TollgateError where its plan is unknown. */
  enter(batch: boolean, ways: Ways): void {
    const { lanes, settings } = this.#desk;
    const { caller, calls } = this.#context;
    this.lane = lanes.positionOf(caller, batch);
    this.#batch = batch;
    this.timeoutMs = batch ? settings.batch.timeoutMs : settings.queue.timeoutMs;
    this.#ways = ways;
    const reached = this.#count();
    if (reached !== undefined) this.#refuse(concurrencyExceededError(reached));
    else {
      calls.use(this);
      if (settings.mode === 'shadow') this.#pass(ways);
      else this.#ask(ways);
    }
  }

  /** Counts the request once among its caller's; else how many the caller may have. */
  #count(): number | undefined {
    const { gate, callers } = this.#desk;
    const { caller } = this.#context;
    if (this.#ticket) gate.end(this.#ticket);
    else if (callers && caller) {
      const held = callers.add(caller);
      if ('amount' in held) return held.amount;
      this.#hold = held;
    }
    return undefined;
  }

  #ask({ goAhead, refuse }: Ways): void {
    const ticket = this.#desk.gate.enter(this);
    const { state } = ticket;
    // Admitted at once, the request has gone on already, and may have asked for another place meanwhile.
    if (state !== 'waiting' && state !== 'asking') return;
    this.#ticket = ticket;
    if (state === 'waiting') this.#publish('waiting', {});
    // It goes on when another request ends: not in that one's asynchronous context.
    this.#ways = { goAhead: AsyncResource.bind(goAhead), refuse: AsyncResource.bind(refuse) };
  }

  admit(ticket: Ticket): void {
    this.#ticket = ticket;
    const { res } = this.#context;
    if (res) cutIdleClient(res, this.#desk.settings.clientIdleMs);
    this.#publish('admitted', { waitedMs: Math.round(ticket.admittedAtMs - ticket.enteredAtMs) });
    this.#ways?.goAhead();
  }

  turnAway(reason: TurnedAway): void {
    this.#refuse(turnedAwayError(reason));
  }

  /** The client has left, and calls may continue for their usage: they need no place. */
  left(): void {
    const { gate } = this.#desk;
    if (this.#ticket) gate.end(this.#ticket);
  }

  /** The response has closed and no call runs: the place is free again, or nobody waits for it any more. */
  finish(end: RequestEnd): void {
    const { gate, settings, callers } = this.#desk;
    const ticket = this.#ticket;
    callers?.remove(this.#hold);
    this.#hold = nothing;
    if (!ticket) return;
    const sample = settings.latency && ticket.state === 'running' ? this.#sampleOf(ticket, end) : undefined;
    const hasChanged = sample && settings.limit.sample(sample, settings.clock.now());
    if (hasChanged) this.#desk.limitChanged();
    gate.end(ticket);
  }

  /** Shadow mode: requests do not wait, so requests above the limit stand for the queue. Beyond `limit + queue.size`, one would have been refused. */
  #pass(ways: Ways): void {
    const { gate, settings } = this.#desk;
    const hasRoom = gate.hasRoom(this.lane, this.tenant);
    const isFull = !hasRoom && gate.running >= settings.limit.value + settings.queue.size;
    this.#ticket = gate.pass(this);
    if (isFull) {
      const error = turnedAwayError('full');
      this.#publish('refused', { code: error.code });
      ways.refuse(error);
      return;
    }
    this.#publish(hasRoom ? 'admitted' : 'waiting', { waitedMs: 0 });
    ways.goAhead();
  }

  #refuse(error: TollgateError): void {
    const { callers } = this.#desk;
    callers?.remove(this.#hold);
    this.#hold = nothing;
    this.#publish('refused', { code: error.code });
    this.#ways?.refuse(error);
  }

  /** Nothing for what says nothing about the provider: clients that left, answers paid for before, and refusals that are the client's or ours. */
  #sampleOf(ticket: Ticket, { status, aborted }: RequestEnd): Sample | undefined {
    const { refusal, calls } = this.#context;
    if (calls.declared?.replays) return undefined;
    const isUpstreams = refusal?.code.startsWith('upstream_') ?? (status >= 500 || status === 429);
    if (aborted || (!isUpstreams && (refusal !== undefined || status >= 400 || status === 0)))
      return undefined;
    const { latency, clock } = this.#desk.settings;
    const endMs = (latency === 'firstByte' ? this.answeredAtMs : undefined) ?? clock.now();
    const latencyMs = Math.max(0, endMs - ticket.admittedAtMs);
    return { latencyMs, failed: isUpstreams, running: ticket.running };
  }

  #publish(
    outcome: 'admitted' | 'waiting' | 'refused',
    more: { readonly waitedMs?: number; readonly code?: string },
  ): void {
    const { gate, settings } = this.#desk;
    const { requestId, caller } = this.#context;
    publish('tollgate:concurrency', () => ({
      requestId,
      tenant: caller?.tenant,
      keyId: caller?.keyId,
      plan: caller?.plan,
      outcome,
      mode: settings.mode,
      batch: this.#batch,
      running: gate.running,
      waiting: gate.waiting,
      limit: settings.limit.value,
      ...more,
    }));
  }
}

/** Hands a refusal that was thrown to whom it concerns; throws anything else. */
export function refusalOrThrow(error: unknown): TollgateError {
  if (isTollgateError(error)) return error;
  throw error;
}
