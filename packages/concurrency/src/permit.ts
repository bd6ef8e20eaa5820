import { AsyncResource } from 'node:async_hooks';
import { isTollgateError, type TollgateContext, type TollgateError } from '@tollgate/core';
import { type CallStep, cutIdleClient, publish, type RequestEnd } from '@tollgate/core/internal';
import type { CallerHold } from './caller-counts.js';
import type { ConcurrencyLimiter } from './concurrency-limiter.js';
import { concurrencyExceededError, turnedAwayError } from './errors.js';
import type { Sample } from './permit-limit.js';
import type { Entrant, Ticket, TurnedAway } from './ticket.js';

/** The two outcomes of a request for a permit. */
export interface Decision {
  goAhead(): void;
  refuse(error: TollgateError): void;
}

const nothing: CallerHold = [];

/** One request's permit to run: asked for at its start, returned when the client has left, or when the response has closed and no call of it runs. */
export class Permit implements CallStep, Entrant {
  readonly name: string;
  readonly stage = 'record';
  readonly tenant: string;
  lane = 0;
  timeoutMs = 0;
  /** When the answer's headers were sent, by the limiter's clock. */
  answeredAtMs: number | undefined;
  readonly #limiter: ConcurrencyLimiter;
  readonly #context: TollgateContext;
  #batch = false;
  #decision: Decision | undefined;
  #ticket: Ticket | undefined;
  #hold = nothing;

  constructor(limiter: ConcurrencyLimiter, context: TollgateContext) {
    this.#limiter = limiter;
    this.#context = context;
    this.name = limiter.stepName;
    this.tenant = context.caller?.tenant ?? '';
  }

  get isBatch(): boolean {
    return this.#batch;
  }

  /** Requests a permit; a request that already has one releases it and enters again. Throws a TollgateError where its plan is unknown. */
  enter(batch: boolean, decision: Decision): void {
    const { lanes, settings } = this.#limiter;
    const { caller, calls } = this.#context;
    this.lane = lanes.positionOf(caller, batch);
    this.#batch = batch;
    this.timeoutMs = batch ? settings.batch.timeoutMs : settings.queue.timeoutMs;
    this.#decision = decision;
    if (!this.#ticket && settings.mode === 'enforce' && this.#limiter.isShed(caller)) {
      this.#refuse(turnedAwayError('shed'));
      return;
    }
    const reached = this.#count();
    if (reached !== undefined) this.#refuse(concurrencyExceededError(reached));
    else {
      calls.use(this);
      if (settings.mode === 'shadow') this.#pass(decision);
      else this.#ask(decision);
    }
  }

  /** Counts the request once among its caller's; else how many the caller may have. */
  #count(): number | undefined {
    const { gate, callers } = this.#limiter;
    const { caller } = this.#context;
    if (this.#ticket) gate.end(this.#ticket);
    else if (callers && caller) {
      const held = callers.add(caller);
      if ('amount' in held) return held.amount;
      this.#hold = held;
    }
    return undefined;
  }

  #ask({ goAhead, refuse }: Decision): void {
    const ticket = this.#limiter.gate.enter(this);
    const { state } = ticket;
    // A request that was admitted at once has already continued, and may have requested another permit meanwhile.
    if (state !== 'waiting' && state !== 'asking') return;
    this.#ticket = ticket;
    this.#context.ownTime?.pause();
    if (state === 'waiting') this.#publish('waiting', {});
    // It continues when another request ends: not in that request's asynchronous context.
    this.#decision = { goAhead: AsyncResource.bind(goAhead), refuse: AsyncResource.bind(refuse) };
  }

  admit(ticket: Ticket): void {
    this.#ticket = ticket;
    cutIdleClient(this.#context, this.#limiter.settings.clientIdleMs);
    this.#publish('admitted', { waitedMs: Math.round(ticket.admittedAtMs - ticket.enteredAtMs) });
    this.#context.ownTime?.resume();
    this.#decision?.goAhead();
  }

  turnAway(reason: TurnedAway): void {
    this.#refuse(turnedAwayError(reason));
  }

  /** The client has left, and calls may continue for their usage: they need no permit. */
  left(): void {
    const { gate } = this.#limiter;
    if (this.#ticket) gate.end(this.#ticket);
  }

  /** The response has closed and no call runs: returns the permit, or leaves the queue. */
  finish(end: RequestEnd): void {
    const { gate, settings, callers } = this.#limiter;
    const ticket = this.#ticket;
    callers?.remove(this.#hold);
    this.#hold = nothing;
    if (!ticket) return;
    const sample = settings.latency && ticket.state === 'running' ? this.#sampleOf(ticket, end) : undefined;
    const hasChanged = sample && settings.limit.sample(sample, settings.clock.now());
    if (hasChanged) this.#limiter.limitChanged();
    gate.end(ticket);
  }

  /** Shadow mode: requests do not wait, so requests above the limit represent the queue. Beyond `limit + queue.size`, one would have been refused. */
  #pass(decision: Decision): void {
    const { gate, settings } = this.#limiter;
    const hasRoom = gate.hasRoom(this.lane, this.tenant);
    const isFull = !hasRoom && gate.running >= settings.limit.value + settings.queue.size;
    this.#ticket = gate.pass(this);
    if (isFull) {
      const error = turnedAwayError('full');
      this.#publish('refused', { code: error.code });
      decision.refuse(error);
      return;
    }
    this.#publish(hasRoom ? 'admitted' : 'waiting', { waitedMs: 0 });
    decision.goAhead();
  }

  #refuse(error: TollgateError): void {
    const { callers } = this.#limiter;
    callers?.remove(this.#hold);
    this.#hold = nothing;
    this.#publish('refused', { code: error.code });
    this.#decision?.refuse(error);
  }

  /** `undefined` for requests that show nothing about the provider: clients that left, cached responses, and refusals. */
  #sampleOf(ticket: Ticket, { status, aborted }: RequestEnd): Sample | undefined {
    const { refusal, calls } = this.#context;
    if (calls.declared?.replays) return undefined;
    const isUpstreams = refusal?.code.startsWith('upstream_') ?? (status >= 500 || status === 429);
    if (aborted || (!isUpstreams && (refusal !== undefined || status >= 400 || status === 0)))
      return undefined;
    const { latency, clock } = this.#limiter.settings;
    const endMs = (latency === 'firstByte' ? this.answeredAtMs : undefined) ?? clock.now();
    const latencyMs = Math.max(0, endMs - ticket.admittedAtMs);
    return { latencyMs, failed: isUpstreams, running: ticket.running };
  }

  #publish(
    outcome: 'admitted' | 'waiting' | 'refused',
    more: { readonly waitedMs?: number; readonly code?: string },
  ): void {
    const { gate, settings } = this.#limiter;
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
