import { publish } from '../lib/channel.js';
import { whenReady } from '../lib/maybe-promise.js';
import { type OwnTime, ownTime } from '../lib/own-time.js';
import type { TollgateError } from '../lib/tollgate-error.js';
import type { CallEnd, OutgoingRequest, SettledCall, Writing } from './call.js';
import type { CallHandle, CallStep } from './call-pipeline.js';
import { defaultDrainMs } from './drains.js';
import type { Usage } from './usage.js';

const nothing = new Uint8Array(0);

/** The ids of an attempt and the clock that stamps it. */
export interface AttemptFacts {
  readonly id: string;
  readonly attempt: number;
  readonly attemptId: string;
  readonly startedAtMs: number;
  readonly outgoing: OutgoingRequest;
}

/** The one implementation of a call in all its phases: core's own fields, and the places where the packages write theirs. */
export class Attempt implements Writing<SettledCall> {
  readonly id: string;
  readonly attempt: number;
  readonly attemptId: string;
  readonly startedAtMs: number;
  outgoing: OutgoingRequest;
  stopped: TollgateError | undefined;
  parsed: SettledCall['parsed'];
  usage: SettledCall['usage'];
  running: SettledCall['running'];
  labels: SettledCall['labels'];
  answer: SettledCall['answer'];
  firstOutputAtMs: SettledCall['firstOutputAtMs'];
  settlement: SettledCall['settlement'];
  charges: SettledCall['charges'];
  overrun: SettledCall['overrun'];
  recorded: SettledCall['recorded'];
  admittedAtMs: SettledCall['admittedAtMs'];
  degradedFrom: SettledCall['degradedFrom'];
  promptHash: SettledCall['promptHash'];
  tapped: SettledCall['tapped'];
  cached: SettledCall['cached'];
  replays: SettledCall['replays'];
  /** The attempt continues after the client has left. */
  drains = false;
  /** How long it continues then, in milliseconds. */
  drainMs = defaultDrainMs;
  /** Ends the count and the timer of an attempt that continues without its client. */
  endDrain: (() => void) | undefined;
  /** Its refusal is not the request's. */
  alternative = false;
  /** Set by the transport; called when the attempt is stopped. */
  onStop: (() => void) | undefined;
  /** Set by the transport; called when the response is over and the attempt continues. */
  onAlone: (() => void) | undefined;
  #abort: AbortController | undefined;

  constructor(facts: AttemptFacts) {
    this.id = facts.id;
    this.attempt = facts.attempt;
    this.attemptId = facts.attemptId;
    this.startedAtMs = facts.startedAtMs;
    this.outgoing = facts.outgoing;
  }

  get draining(): boolean {
    return this.endDrain !== undefined;
  }

  /** Created on first access: a controller costs more than the rest of an attempt. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.stopped && !this.#abort.signal.aborted) this.#abort.abort(this.stopped);
    return this.#abort.signal;
  }

  stop(error: TollgateError): void {
    if (this.stopped) return;
    this.stopped = error;
    this.#abort?.abort(error);
    this.onStop?.();
  }
}

/** The transport's side of an attempt: drives the steps' hooks in their order, and ends once. */
export class AttemptHandle implements CallHandle {
  #isEnded = false;
  #ended: void | Promise<void> = undefined;

  constructor(
    readonly call: Attempt,
    private readonly steps: readonly CallStep[],
    private readonly onEnded: (call: Attempt) => void | Promise<void>,
  ) {}

  get url(): string {
    return this.call.parsed?.url ?? this.call.outgoing.url;
  }

  get body(): string | undefined {
    if (this.call.parsed) return this.call.parsed.serialise();
    return this.call.outgoing.body === undefined ? undefined : JSON.stringify(this.call.outgoing.body);
  }

  get signal(): AbortSignal {
    return this.call.signal;
  }

  get drains(): boolean {
    return this.call.drains;
  }

  onStop(listener: () => void): void {
    this.call.onStop = listener;
    if (this.call.stopped) listener();
  }

  onAlone(listener: () => void): void {
    this.call.onAlone = listener;
  }

  onResponse(status: number, headers: Readonly<Record<string, string>>): void {
    for (const step of this.steps) step.response?.(this.call, status, headers);
  }

  onChunk(chunk: Uint8Array): Uint8Array {
    const { running } = this.call;
    const bytes = this.#pass(chunk, false);
    if (this.call.running !== running) this.#progress();
    return bytes;
  }

  onEnd(): Uint8Array {
    return this.#pass(nothing, true);
  }

  onUsage(usage: Usage): void {
    this.call.usage = usage;
    this.#progress();
  }

  end(end: CallEnd): void | Promise<void> {
    if (!this.#isEnded) {
      this.#isEnded = true;
      const own = ownTime();
      this.#ended = this.#end({ ...end, outcome: outcomeOf(this.call, end) }, 0, own);
    }
    return this.#ended;
  }

  /** Runs the end hooks of the steps from index `from` on, in this turn until one of them returns a promise. */
  #end(end: CallEnd, from: number, own: OwnTime | undefined): void | Promise<void> {
    for (let index = from; index < this.steps.length; index += 1) {
      const step = this.steps[index] as CallStep;
      try {
        const waiting = step.end?.(this.call, end);
        if (waiting) {
          const whenReadyBehind = () => this.#end(end, index + 1, own);
          return whenReady(waiting, whenReadyBehind, (error) => {
            this.#fault(step, error);
            return whenReadyBehind();
          });
        }
      } catch (error) {
        this.#fault(step, error);
      }
    }
    own?.end('settlement');
    return this.onEnded(this.call);
  }

  #fault(step: CallStep, error: unknown): void {
    const { id: callId } = this.call;
    publish('tollgate:fault', () => ({ where: `${step.name}.end`, callId, error: String(error) }));
  }

  #progress(): void {
    for (const step of this.steps) step.progress?.(this.call);
  }

  #pass(chunk: Uint8Array, last: boolean): Uint8Array {
    let bytes = chunk;
    for (const step of this.steps) {
      if (step.chunk) bytes = step.chunk(this.call, bytes, last) ?? bytes;
    }
    return bytes;
  }
}

/** A closed connection does not show whether a response is complete: its bytes do. */
function outcomeOf(call: Attempt, end: CallEnd): CallEnd['outcome'] {
  // An answer in one piece whose connection broke was not handed on, whole or not.
  const isLost = end.outcome === 'error' && call.parsed?.stream === false;
  if (call.answer === 'whole' && end.outcome !== 'budget_stopped' && end.status < 400 && !isLost) return 'ok';
  const broken = call.answer === 'failed' || call.answer === 'cut';
  return end.outcome === 'ok' && broken ? 'error' : end.outcome;
}
