import { Attempt, AttemptHandle } from './attempt.js';
import type { Call, OutgoingRequest } from './call.js';
import type {
  BeginOptions,
  CallHandle,
  CallPipeline,
  CallStage,
  CallStep,
  RequestEnd,
} from './call-pipeline.js';
import { publish } from './channel.js';
import { newId } from './id.js';
import { isTollgateError, type TollgateError } from './tollgate-error.js';

const order: readonly CallStage[] = ['parse', 'authorize', 'switch', 'inspect', 'cover', 'record'];
const coverAt = order.indexOf('cover');

/** What the pipeline needs from its request. */
export interface PipelineHost {
  readonly now: () => number;
  /** Remembers who refused. */
  readonly refused: (error: TollgateError) => void;
}

/** The one implementation of {@link CallPipeline}. */
export class RequestPipeline implements CallPipeline {
  readonly running = new Set<Attempt>();
  #steps: CallStep[] = [];
  #declared: Attempt | undefined;
  #declaredTaken = false;
  #begun = false;
  #finished: RequestEnd | undefined;
  #gone: TollgateError | undefined;
  readonly #draining = new Set<Attempt>();

  constructor(private readonly host: PipelineHost) {}

  get declared(): Call | undefined {
    return this.#declared;
  }

  get begun(): boolean {
    return this.#begun;
  }

  get finished(): boolean {
    return this.#finished !== undefined;
  }

  use(step: CallStep): void {
    const rank = order.indexOf(step.stage);
    let at = this.#steps.length;
    for (let index = this.#steps.length - 1; index >= 0; index -= 1) {
      const other = this.#steps[index] as CallStep;
      if (other.name === step.name && other.stage === step.stage) return;
      if (order.indexOf(other.stage) > rank) at = index;
    }
    if (at === this.#steps.length) this.#steps.push(step);
    else this.#steps.splice(at, 0, step);
  }

  has(name: string): boolean {
    return this.#steps.some((step) => step.name === name);
  }

  async declare(outgoing: OutgoingRequest): Promise<Call> {
    const call = this.#mint(outgoing, undefined);
    await this.#runBegin(call, 0, coverAt);
    this.#declared = call;
    return call;
  }

  async begin(outgoing: OutgoingRequest, options: BeginOptions = {}): Promise<CallHandle> {
    const declared = this.#declared;
    const adopts = declared !== undefined && !this.#declaredTaken && !options.previous;
    const same = adopts && isSame(declared, outgoing);
    const call = same ? declared : this.#mint(outgoing, adopts ? declared : options.previous);
    if (same) call.outgoing = outgoing;
    if (adopts) this.#declaredTaken = true;
    if (this.#gone && options.whenClientGone !== 'drain') call.stop(this.#gone);
    this.running.add(call);
    if (options.whenClientGone === 'drain') this.#draining.add(call);
    try {
      await this.#runBegin(call, same ? coverAt : 0, order.length);
    } catch (error) {
      this.#forget(call);
      if (adopts) this.#declaredTaken = false;
      if (this.#finished) await this.#runFinish();
      throw error;
    }
    this.#begun = true;
    return new AttemptHandle(call, this.#steps, async (ended) => {
      this.#forget(ended);
      if (this.#finished) await this.#runFinish();
    });
  }

  /** The client is gone: stops every attempt that does not drain. */
  clientGone(error: TollgateError): void {
    this.#gone = error;
    for (const call of this.running) if (!this.#draining.has(call)) call.stop(error);
  }

  /** Stops every attempt, draining or not. */
  stopAll(error: TollgateError): void {
    this.#gone = error;
    for (const call of this.running) call.stop(error);
  }

  /** The HTTP request is over; the steps' `finish` hooks run when no attempt is running. */
  async finish(end: RequestEnd): Promise<void> {
    if (this.#finished) return;
    this.#finished = end;
    await this.#runFinish();
  }

  #mint(outgoing: OutgoingRequest, of: Call | undefined): Attempt {
    const now = this.host.now();
    const adopted = of !== undefined && of === this.#declared && !this.#declaredTaken;
    return new Attempt({
      id: of?.id ?? newId(now),
      attempt: of === undefined || adopted ? 1 : of.attempt + 1,
      attemptId: adopted ? of.attemptId : newId(now),
      startedAtMs: now,
      outgoing,
    });
  }

  #forget(call: Attempt): void {
    this.running.delete(call);
    this.#draining.delete(call);
  }

  async #runBegin(call: Attempt, from: number, to: number): Promise<void> {
    try {
      for (const step of this.#steps) {
        const rank = order.indexOf(step.stage);
        if (rank < from || rank >= to || !step.begin) continue;
        const waiting = step.begin(call);
        if (waiting) await waiting;
      }
    } catch (error) {
      if (isTollgateError(error)) this.host.refused(error);
      throw error;
    }
  }

  async #runFinish(): Promise<void> {
    const end = this.#finished;
    if (!end || this.running.size > 0) return;
    const declared = this.#declaredTaken ? undefined : this.#declared;
    this.#declaredTaken = true;
    for (const step of this.#steps) {
      try {
        await step.finish?.(end, declared);
      } catch (error) {
        publish('tollgate:fault', () => ({ where: `${step.name}.finish`, error: String(error) }));
      }
    }
  }
}

/** Whether what was declared is what is sent: the same body object, to the provider whose price it was given. */
function isSame({ parsed, outgoing: declared }: Attempt, outgoing: OutgoingRequest): boolean {
  if (!parsed || declared.body !== outgoing.body) return false;
  return outgoing.provider === undefined || outgoing.provider === parsed.provider;
}
