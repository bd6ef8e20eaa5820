import { isTollgateError, refuseOrShadow, type TollgateContext } from '@tollgate/core';
import {
  type AdmittedCall,
  asPromise,
  type Call,
  type CallEnd,
  type CallRecorder,
  type CallStep,
  type DeclaredCall,
  type GuardOptions,
  type ParsedCall,
  type RecordedCall,
  type RequestEnd,
  type SettledCall,
  type Settlement,
  type Writing,
  whenReady,
} from '@tollgate/core/internal';
import { send } from '../fetch/metered-fetch.js';
import type { MeteredFetchOptions } from '../fetch/metered-fetch-options.js';
import { promptHash } from '../requests/prompt-hash.js';
import { CallReading } from './call-reading.js';
import type { Engine } from './engine.js';
import { unseenSettlement, wholeSettlement } from './estimated-settlement.js';
import { record } from './recording.js';
import { UsageWriting, type WritingSettings } from './usage-writing.js';

/** State shared by all requests of one `meter()`. */
export interface MeterSettings extends WritingSettings {
  readonly engine: Engine;
  /** For `req.tollgate.fetch`. */
  readonly fetching: MeteredFetchOptions;
  /** In shadow mode, calls that would be refused pass unmetered. */
  readonly mode: GuardOptions['mode'];
  /** Absent: prompts are not hashed. */
  readonly promptHashSecret: string | (() => string) | undefined;
}

/** Measures the calls of one request: the first step that meter installs in its pipeline. */
export class RequestMeter implements CallRecorder, CallStep {
  readonly name = 'meter';
  readonly stage = 'parse';
  /** The last one. */
  readonly writing: UsageWriting;
  /** Settled so far, in nano-dollars. */
  spentNanoUsd = 0;
  /** How many attempts were settled. */
  settled = 0;
  /** The handler reported that it made no call. */
  madeNoCall = false;
  /** Reads the settlement of the declared call from the response, if the response contains one. */
  tapped: ((end: RequestEnd) => Promise<Settlement | undefined>) | undefined;
  #readings: Map<DeclaredCall, CallReading> | undefined;

  constructor(
    private readonly settings: MeterSettings,
    private readonly context: TollgateContext,
  ) {
    this.writing = new UsageWriting(settings, context);
  }

  fetch(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
    return send(this.context, this.settings.fetching, input, init);
  }

  record(call: RecordedCall): Promise<void> {
    try {
      return asPromise(record(this.context, this.settings.engine, call));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  noCall(): void {
    this.madeNoCall = true;
    this.context.calls.handled();
  }

  /** Follows the answer to this call; `undefined` for calls of no known wire format. */
  reading(call: DeclaredCall): CallReading | undefined {
    const known = this.#readings?.get(call);
    if (known || !call.parsed) return known;
    const { engine, now } = this.settings;
    const reading = new CallReading(call, call.parsed, engine, this.context.requestId, now);
    this.#readings ??= new Map();
    this.#readings.set(call, reading);
    return reading;
  }

  begin(call: Writing<SettledCall>): void {
    const { recording } = call.outgoing;
    call.parsed = recording ? recording.parsed : this.#parse(call);
    // Known before it begins: the call was made already, so that no step may refuse it.
    call.settlement = recording?.settlement;
    call.labels = call.outgoing.labels;
    const { promptHashSecret } = this.settings;
    if (promptHashSecret === undefined || recording) return;
    const secret = typeof promptHashSecret === 'string' ? promptHashSecret : promptHashSecret();
    call.promptHash = promptHash(secret, this.context.caller?.tenant ?? '', call.outgoing.body);
  }

  allows(model: string, provider: string): boolean {
    return this.settings.mode === 'shadow' || this.settings.engine.isPriced(provider, model);
  }

  response(call: AdmittedCall, status: number, headers: Readonly<Record<string, string>>): void {
    this.reading(call)?.begin(status, headers['content-type']);
  }

  #parse(call: Call): ParsedCall | undefined {
    try {
      return this.settings.engine.parse(call.outgoing);
    } catch (error) {
      if (!isTollgateError(error)) throw error;
      refuseOrShadow(this.context, error, this.settings.mode);
      return undefined;
    }
  }

  chunk(call: AdmittedCall, chunk: Uint8Array, last: boolean): Uint8Array | undefined {
    const reading = this.reading(call);
    return last ? reading?.finish() : reading?.push(chunk);
  }

  end(call: Writing<SettledCall>, end: CallEnd): void {
    if (call.replays) return;
    const { recording } = call.outgoing;
    const settlement = recording ? recording.settlement : this.reading(call)?.settle(end);
    if (!settlement) return;
    if (recording) call.labels = recording.labels;
    call.settlement = settlement;
    call.running = settlement;
    call.usage = settlement.usage;
    this.spentNanoUsd += settlement.costNanoUsd;
    this.settled += 1;
  }

  /** Settles a declared call that was never begun: charges its estimate if the handler may have made it. */
  finish(end: RequestEnd, declared: Writing<SettledCall> | undefined): void | Promise<void> {
    if (!declared?.parsed) return;
    const { estimate } = declared.parsed;
    declared.replays = undefined;
    return whenReady(this.tapped?.(end), (tapped) => {
      if (tapped) {
        const cut = end.aborted ? 'aborted' : 'error';
        declared.settlement = tapped;
        this.writing.declaredEnd = { outcome: declared.answer === 'whole' ? 'ok' : cut, status: end.status };
      } else if (end.aborted) {
        if (!this.#unheardOf(end)) return;
        declared.settlement = unseenSettlement(estimate);
        this.writing.declaredEnd = { outcome: 'aborted', status: 0 };
      } else if (this.#forgotten(end)) declared.settlement = wholeSettlement(estimate);
    });
  }

  /** The client left, and since then the handler has neither reported a call nor responded with an error. */
  #unheardOf({ routed }: RequestEnd): boolean {
    const { res, refusal } = this.context;
    const failed = res?.writableEnded === true && (res.statusCode < 200 || res.statusCode >= 300);
    return routed && !failed && !this.madeNoCall && !refusal;
  }

  #forgotten(end: RequestEnd): boolean {
    const answered = end.routed && end.status >= 200 && end.status < 300;
    return answered && !this.madeNoCall && !this.context.refusal;
  }
}
