import type { TollgateError, Usage } from '@tollgate/core';
import {
  type AdmittedCall,
  type CallEnd,
  formatErrorEvent,
  type ParsedCall,
  type Settlement,
  type Writing,
} from '@tollgate/core/internal';
import { formatOf, ResponseReader } from '@tollgate/wire';
import { hasTokenizer, loadTokenizer, tokenizerOf } from '../requests/token-bound.js';
import { OutputTokens } from '../usage/output-tokens.js';
import { type SettleFacts, settle } from '../usage/settle.js';
import type { Engine } from './engine.js';

/** Bytes of output after which the running cost is computed again. */
const runningEveryBytes = 256;

/** Refusals that end a stream as its output cap would; others end it with an error event. */
const polite: readonly string[] = ['budget_exceeded', 'quota_exceeded', 'rate_limit_exceeded'];

/** Counts the output of a model whose tokenizer is public; `undefined`: each byte may be a token. */
function outputTokensOf({ provider, model }: ParsedCall): OutputTokens | undefined {
  if (!hasTokenizer(provider, model)) return undefined;
  void loadTokenizer();
  return new OutputTokens(() => tokenizerOf(provider, model));
}

/** Follows the response of one attempt, and determines its usage. */
export class CallReading {
  readonly #reader: ResponseReader;
  #status = 0;
  #ended = false;
  #costedBytes = 0;
  #costedUsage: unknown;

  constructor(
    private readonly call: Writing<AdmittedCall>,
    private readonly parsed: ParsedCall,
    private readonly engine: Engine,
    private readonly requestId: string,
    private readonly now: () => number,
  ) {
    this.#reader = new ResponseReader({
      format: formatOf(parsed.api),
      stream: parsed.stream,
      answers: parsed.estimate.answers,
      hideUsage: parsed.stream && !parsed.withUsage,
    });
    if (this.#endsWithAbort) this.#reader.answer.counted = outputTokensOf(parsed);
  }

  begin(status: number, contentType: string | undefined): void {
    this.#status = status;
    this.#reader.begin(status, contentType);
  }

  push(chunk: Uint8Array): Uint8Array {
    const out = this.#reader.push(chunk);
    const { answer } = this.#reader;
    if (answer.seenBytes > 0) this.call.firstOutputAtMs ??= this.now();
    if (answer.usage !== this.#costedUsage || answer.seenBytes - this.#costedBytes >= runningEveryBytes) {
      this.#cost();
    }
    this.#judge();
    return out;
  }

  /** No more bytes follow: returns the held bytes, or the end of a stream that was stopped. */
  finish(): Uint8Array {
    const { stopped } = this.call;
    if (!stopped) {
      const rest = this.#end();
      if (!this.call.answer && this.#reader.endable) this.call.answer = 'cut';
      return rest;
    }
    const reader = this.#reader;
    const ended = reader.endable && !reader.answer.finished && stopped.code !== 'request_aborted';
    if (ended) reader.discard();
    return ended ? Buffer.from(this.#goodbye(stopped)) : new Uint8Array(0);
  }

  /** For an attempt that was sent and whose response does not show its end. */
  settleUnseen(): Settlement {
    this.#end();
    return settle({ ...this.#facts(), status: 0 }, (usage) => this.#price(usage));
  }

  /** The final word on the attempt. */
  settle(end: CallEnd): Settlement {
    // For a stopped stream, the part sent to the client counts; a response in one piece is read as far as it arrived.
    if (!this.call.stopped || !this.#reader.isStream) this.#end();
    return settle(
      { ...this.#facts(), sent: end.sent, status: end.status === 0 ? this.#status : end.status },
      (usage) => this.#price(usage),
    );
  }

  /** Whether the call's cost ends with an abort, so that a cut response is charged by the output seen. */
  get #endsWithAbort(): boolean {
    return this.parsed.visible && this.call.outgoing.abort === 'stops';
  }

  #goodbye(stopped: TollgateError): string {
    const { api, withUsage } = this.parsed;
    if (!polite.includes(stopped.code)) {
      return formatErrorEvent(stopped, formatOf(api).errors, this.requestId);
    }
    const { usage } = settle(this.#facts(), (used) => this.#price(used));
    const lastEvent = this.#reader.lastFrame.toString('utf8');
    return this.#reader.answer.ending({ code: stopped.code, usage, withUsage, lastEvent });
  }

  #end(): Uint8Array {
    if (this.#ended) return new Uint8Array(0);
    this.#ended = true;
    const rest = this.#reader.end();
    this.#judge();
    return rest;
  }

  #judge(): void {
    const { answer } = this.#reader;
    if (answer.failed) this.call.answer = 'failed';
    else if (answer.finished) this.call.answer = 'whole';
  }

  #facts(): SettleFacts {
    const { answer } = this.#reader;
    const { usage, firstOutputAtMs } = this.call;
    const byTransport = answer.usage === undefined && usage?.source === 'provider';
    return {
      sent: true,
      status: this.#status,
      finished: answer.finished || byTransport,
      seenBytes: answer.seenBytes,
      seenTokens: answer.seenTokens,
      mostTokens: answer.counted?.tokens ?? answer.seenBytes,
      textEvents: answer.textEvents,
      textBytes: answer.textBytes,
      reported: byTransport ? { ...usage, tier: usage.tier, suspicious: false } : answer.usage,
      tier: answer.tier,
      bound: this.parsed.estimate,
      visible: this.parsed.visible,
      stopsAtAbort: this.call.outgoing.abort === 'stops',
      outputForMs: firstOutputAtMs === undefined ? 0 : this.now() - firstOutputAtMs,
    };
  }

  #cost(): void {
    const { answer } = this.#reader;
    this.#costedBytes = answer.seenBytes;
    this.#costedUsage = answer.usage;
    this.call.running = settle(this.#facts(), (usage) => this.#price(usage));
  }

  #price(usage: Usage) {
    const { model, usage: reported } = this.#reader.answer;
    return this.engine.priceOf(this.parsed, usage, { model, reported });
  }
}
