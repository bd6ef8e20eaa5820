import { Attempt, AttemptHandle } from '../call/attempt.js';
import type { DeclaredCall, OutgoingRequest, SettledCall } from '../call/call.js';
import type {
  BeginOptions,
  CallHandle,
  CallPipeline,
  CallStage,
  CallStep,
  RequestEnd,
} from '../call/call-pipeline.js';
import { type Drains, defaultDrainMs, processDrains } from '../call/drains.js';
import { publish } from '../lib/channel.js';
import { newId } from '../lib/id.js';
import { asPromise, done, whenReady } from '../lib/maybe-promise.js';
import { ownTime } from '../lib/own-time.js';
import { storeTime } from '../lib/store-time.js';
import { isTollgateError, type TollgateError } from '../lib/tollgate-error.js';

/** The order of the stages. */
const rankOf: Readonly<Record<CallStage, number>> = {
  rewrite: 0,
  parse: 1,
  authorize: 2,
  switch: 3,
  inspect: 4,
  recall: 5,
  cover: 6,
  record: 7,
};
const first = rankOf.rewrite;
const last = rankOf.record;

/** The parts of a request that the pipeline uses. */
export interface PipelineHost {
  readonly now: () => number;
  /** Whose requests share a bound on drains. */
  readonly tenant: string;
  /** Remembers who refused. */
  refused(error: TollgateError): void;
}

/** The one implementation of {@link CallPipeline}. */
export class RequestPipeline implements CallPipeline {
  readonly running = new Set<Attempt>();
  drains: Drains = processDrains;
  #steps: CallStep[] = [];
  #declared: Attempt | undefined;
  #declaredTaken = false;
  #begun = false;
  #finished: RequestEnd | undefined;
  #gone: TollgateError | undefined;
  /** Ends the wait for a handler whose client has left. */
  #endWait: (() => void) | undefined;

  constructor(private readonly host: PipelineHost) {}

  get declared(): DeclaredCall | undefined {
    return this.#declared;
  }

  get begun(): boolean {
    return this.#begun;
  }

  get finished(): boolean {
    return this.#finished !== undefined;
  }

  use(step: CallStep): void {
    const rank = rankOf[step.stage];
    let at = this.#steps.length;
    for (let index = this.#steps.length - 1; index >= 0; index -= 1) {
      const other = this.#steps[index] as CallStep;
      if (other.stage === step.stage && other.name === step.name) return;
      if (rankOf[other.stage] > rank) at = index;
    }
    if (at === this.#steps.length) this.#steps.push(step);
    else this.#steps.splice(at, 0, step);
  }

  has(name: string): boolean {
    return this.#steps.some((step) => step.name === name);
  }

  allows(model: string, provider: string): boolean {
    return this.#steps.every((step) => step.allows?.(model, provider) ?? true);
  }

  declare(outgoing: OutgoingRequest): DeclaredCall | Promise<DeclaredCall> {
    const call = this.#mint(outgoing, undefined);
    const declared = (): DeclaredCall => {
      this.#declared = call;
      return call;
    };
    return this.#settled(() => whenReady(this.#runBegin(call, first, rankOf.inspect, 0), declared));
  }

  begin(outgoing: OutgoingRequest, options: BeginOptions = {}): CallHandle | Promise<CallHandle> {
    const declared = this.#declared;
    const adopts = declared !== undefined && !this.#declaredTaken && !options.previous;
    const same = adopts && isSame(declared, outgoing);
    const call = same ? declared : this.#mint(outgoing, adopts ? declared : options.previous);
    if (same) call.outgoing = outgoing;
    if (adopts) this.#declaredTaken = true;
    call.drains = options.whenClientGone === 'drain';
    call.drainMs = options.drainMs ?? defaultDrainMs;
    call.alternative = options.alternative === true;
    if (this.#gone && !call.drains) call.stop(this.#gone);
    else if (this.#gone) this.#drain(call, this.#gone);
    this.running.add(call);
    const own = ownTime();
    const begun = (): CallHandle => {
      this.#begun = true;
      own?.end('call');
      if (options.whenClientGone === undefined) call.drains = !showsItsEnd(call);
      return new AttemptHandle(call, this.#steps, this.#over);
    };
    const failed = (error: unknown): Promise<never> => {
      if (adopts) this.#declaredTaken = false;
      return asPromise(this.#over(call)).then(() => {
        throw error;
      });
    };
    const from = same ? rankOf.cover : first;
    return this.#settled(() => whenReady(this.#runBegin(call, from, last, 0), begun, failed), failed);
  }

  /** The client has left: attempts that drain continue for a while, within the bounds; the others are stopped. */
  clientGone(error: TollgateError): void {
    this.#gone = error;
    for (const step of this.#steps) step.left?.();
    for (const call of this.running) {
      if (call.drains) this.#drain(call, error);
      else call.stop(error);
    }
  }

  #drain(call: Attempt, gone: TollgateError): void {
    const { drains, host } = this;
    const { tenant } = host;
    if (call.endDrain || call.stopped) return;
    if (!drains.enter(tenant)) {
      publish('tollgate:drain', () => ({ callId: call.id, tenant, refused: true }));
      call.stop(gone);
      return;
    }
    // A running call has a connection, which keeps the process alive.
    const timer = setTimeout(() => call.stop(gone), call.drainMs).unref();
    call.endDrain = () => {
      clearTimeout(timer);
      drains.leave(tenant);
    };
  }

  /** Stops every attempt, draining or not. */
  stopAll(error: TollgateError): void {
    this.#gone = error;
    for (const call of this.running) call.stop(error);
    this.handled();
  }

  /** The handler makes no more calls: open ones are settled. */
  handled(): void {
    if (this.#endWait && this.running.size === 0) void this.#runFinish();
  }

  /** The HTTP request is over; the steps' `finish` hooks run when no attempt is running. */
  finish(end: RequestEnd): Promise<void> {
    if (this.#finished) return done;
    this.#finished = end;
    for (const call of this.running) call.onAlone?.();
    if (this.#awaitsHandler(end)) return done;
    return asPromise(this.#runFinish());
  }

  /**
   * A handler whose client has left may be making the declared call with another client, and report when that has ended: until then, for as
   * long as a call drains, the reservation stays.
   */
  #awaitsHandler({ aborted, routed }: RequestEnd): boolean {
    const declared = this.#declaredTaken ? undefined : this.#declared;
    if (!aborted || !routed || this.running.size > 0) return false;
    if (!declared?.parsed || declared.tapped || declared.replays) return false;
    const { drains, host } = this;
    const { tenant } = host;
    if (!drains.enter(tenant)) return false;
    const timer = setTimeout(() => this.handled(), defaultDrainMs).unref();
    this.#endWait = () => {
      clearTimeout(timer);
      drains.leave(tenant);
    };
    return true;
  }

  #mint(outgoing: OutgoingRequest, of: DeclaredCall | undefined): Attempt {
    const now = this.host.now();
    const adopted = of !== undefined && of === this.#declared && !this.#declaredTaken;
    return new Attempt({
      id: of?.id ?? newId(storeTime(now)),
      attempt: of === undefined || adopted ? 1 : of.attempt + 1,
      attemptId: adopted ? of.attemptId : newId(storeTime(now)),
      startedAtMs: now,
      outgoing,
    });
  }

  /** An attempt has ended, or could not be begun. */
  readonly #over = (call: Attempt): void | Promise<void> => {
    this.running.delete(call);
    call.endDrain?.();
    call.endDrain = undefined;
    if (this.#finished) return this.#runFinish();
  };

  /** The known or promised value; a thrown error, as a rejection. */
  #settled<Result>(
    run: () => Result | Promise<Result>,
    failed?: (error: unknown) => Promise<never>,
  ): Result | Promise<Result> {
    try {
      return run();
    } catch (error) {
      return failed ? failed(error) : Promise.reject(error);
    }
  }

  /** Runs the begin hooks of the stages `first` to `last`, from the step at `from` on; at once as far as none is waited for. */
  #runBegin(call: Attempt, first: number, last: number, from: number): void | Promise<void> {
    try {
      for (let index = from; index < this.#steps.length; index += 1) {
        const step = this.#steps[index] as CallStep;
        const rank = rankOf[step.stage];
        if (rank < first || rank > last) continue;
        const waiting = step.begin?.(call);
        if (!waiting) continue;
        const behind = () => this.#runBegin(call, first, last, index + 1);
        return whenReady(waiting, behind, (error) => this.#refuse(call, error));
      }
    } catch (error) {
      this.#refuse(call, error);
    }
  }

  #refuse(call: Attempt, error: unknown): never {
    if (isTollgateError(error) && !call.alternative) this.host.refused(error);
    throw error;
  }

  #runFinish(): void | Promise<void> {
    const end = this.#finished;
    if (!end || this.running.size > 0) return;
    this.#endWait?.();
    this.#endWait = undefined;
    const declared = this.#declaredTaken ? undefined : this.#declared;
    this.#declaredTaken = true;
    return this.#finishSteps(end, declared, 0);
  }

  #finishSteps(end: RequestEnd, declared: SettledCall | undefined, from: number): void | Promise<void> {
    for (let index = from; index < this.#steps.length; index += 1) {
      const step = this.#steps[index] as CallStep;
      const fault = (error: unknown): void =>
        publish('tollgate:fault', () => ({ where: `${step.name}.finish`, error: String(error) }));
      try {
        const waiting = step.finish?.(end, declared);
        if (!waiting) continue;
        const behind = () => this.#finishSteps(end, declared, index + 1);
        return whenReady(waiting, behind, (error) => {
          fault(error);
          return behind();
        });
      } catch (error) {
        fault(error);
      }
    }
  }
}

/** Whether the cost of a call ends with an abort, and all of its output has been seen by then. */
function showsItsEnd({ parsed, outgoing }: Attempt): boolean {
  return outgoing.abort === 'stops' && parsed?.visible === true;
}

/** Whether the declared call is the one that is sent: the same body object, to the provider for which it was priced. */
function isSame({ parsed, outgoing: declared }: Attempt, outgoing: OutgoingRequest): boolean {
  if (!parsed || declared.body !== outgoing.body) return false;
  return outgoing.provider === undefined || outgoing.provider === parsed.provider;
}
