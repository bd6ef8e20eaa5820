import type { IncomingHttpHeaders } from 'node:http';
import type { AttemptOutcome, TollgateError } from '@tollgate/core';
import type { Dispatcher } from 'undici';
import type { AnswerWriter, AttemptHooks, AttemptResult, AttemptRules, AttemptTarget } from './attempt.js';
import { AttemptTimer, type Limit } from './attempt-timer.js';
import { DecodedBody, isDecodable } from './decoded-body.js';
import { answerHeaders, flatHeaders } from './response-headers.js';
import {
  credentialRefused,
  type TimeoutKind,
  upstreamError,
  upstreamTimeout,
  upstreamUnavailable,
} from './upstream-error.js';
import { saysCreditIsGone, verdictOf } from './verdict.js';

const nothing = new Uint8Array(0);
/** Of an answer that does not go on, no more than this is read. */
const maxErrorBytes = 64 * 1024;

interface Ending {
  readonly outcome: AttemptOutcome;
  readonly error?: TollgateError | undefined;
  readonly stopped?: boolean;
  readonly tail?: Uint8Array;
  /** The provider has said all it had to say; its connection is fit for the next call. */
  readonly received?: boolean;
}

/** The provider's side of an attempt: undici's callbacks, the timeouts and the stops, brought to one end. */
export class Exchange implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #phase: Phase = 'connect';
  #sent = false;
  #status = 0;
  #phaseSinceMs: number;
  #drainUntilMs = Number.POSITIVE_INFINITY;
  #firstByteMs: number | undefined;
  #receivedBytes = 0;
  #refusal: TollgateError | undefined;
  #refusalBody: Buffer[] = [];
  #credentialRefused = false;
  #decoded: DecodedBody | undefined;
  /** A hook is running; what stops the call meanwhile is acted on afterwards. */
  #inHook = false;
  readonly #startedMs: number;
  readonly #timer: AttemptTimer;

  constructor(
    private readonly hooks: AttemptHooks,
    private readonly answer: AnswerWriter,
    private readonly rules: AttemptRules,
    private readonly resolve: (result: AttemptResult) => void,
  ) {
    this.#startedMs = rules.nowMs();
    this.#phaseSinceMs = this.#startedMs;
    this.#timer = new AttemptTimer(
      rules.nowMs,
      () => this.#nextLimit(),
      (kind) => this.#limitPassed(kind),
    );
  }

  start(target: AttemptTarget): void {
    const { signal } = this.hooks;
    if (signal.aborted || this.answer.gone) {
      this.#stopped();
      return;
    }
    signal.addEventListener('abort', this.#onAbort);
    this.answer.onGone(() => this.#clientGone());
    this.answer.onDrain(() => this.#resume());
    this.#timer.check();
    const { dispatcher, origin, path, method, headers, body } = target;
    try {
      dispatcher.dispatch(
        {
          origin,
          path,
          method,
          headers: { ...headers },
          body: body ?? null,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        this,
      );
    } catch (error) {
      this.#end({ outcome: 'error', error: upstreamUnavailable(error) });
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#phase === 'done') {
      controller.abort(new Error('The attempt ended before it was sent.'));
      return;
    }
    this.#sent = true;
    this.#enter('first-byte');
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, given: IncomingHttpHeaders): void {
    if (status < 200 || this.#phase === 'done') return;
    const headers = flatHeaders(given);
    this.#status = status;
    this.#firstByteMs = this.rules.nowMs() - this.#startedMs;
    this.#enter('body');
    this.#hook(() => this.hooks.onResponse(status, headers));
    const verdict = verdictOf(status, headers, Date.now());
    if ('error' in verdict) {
      this.#refusal = verdict.error;
      this.#credentialRefused = verdict.credentialRefused ?? false;
      return;
    }
    const { pass } = verdict;
    this.#decoded = this.#decoderOf(headers['content-encoding']);
    this.answer.begin(
      status,
      answerHeaders(status, headers, pass),
      this.rules.inParts && pass === 'whole' && status < 300 ? 'parts' : pass,
    );
    this.#actOnStop();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#phase === 'done') return;
    this.#phaseSinceMs = this.rules.nowMs();
    if (this.#refusal) {
      this.#receivedBytes += chunk.length;
      this.#refusalBody.push(chunk);
      if (this.#receivedBytes > maxErrorBytes) this.#endRefused();
    } else if (this.#decoded) {
      if (!this.#decoded.write(chunk)) controller.pause();
    } else if (!this.#take(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#phase === 'done') return;
    if (this.#refusal) this.#endRefused(true);
    else if (this.#decoded) this.#decoded.end();
    else this.#complete();
  }

  /** Passes bytes of the answer on; `false`: the client has enough for now. */
  #take(chunk: Buffer): boolean {
    if (this.#phase === 'done') return true;
    this.#receivedBytes += chunk.length;
    const bytes = this.#hook(() => this.hooks.onChunk(chunk)) ?? nothing;
    const more = this.answer.write(bytes);
    if (this.#receivedBytes > this.rules.maxResponseBytes) {
      this.#fail(upstreamError(`answered with more than ${this.rules.maxResponseBytes} bytes`));
    }
    this.#actOnStop();
    return more;
  }

  #complete(): void {
    if (this.#phase === 'done') return;
    const tail = this.#hook(() => this.hooks.onEnd()) ?? nothing;
    const ended = { outcome: this.#status >= 400 ? 'error' : 'ok', tail, received: true } as const;
    if (ended.outcome === 'error' || !this.answer.isCutShort(tail)) this.#end(ended);
    else this.#end({ ...ended, outcome: 'error', error: upstreamError('answered with broken JSON') });
  }

  onResponseError(_: Dispatcher.DispatchController, cause: Error): void {
    if (this.#phase === 'done') return;
    if (this.#refusal) this.#endRefused();
    else if (this.#phase !== 'connect') this.#fail(upstreamError('broke off its answer', cause));
    else if (codeOf(cause) === 'UND_ERR_CONNECT_TIMEOUT') this.#fail(upstreamTimeout('connect'));
    else this.#fail(upstreamUnavailable(cause));
  }

  #decoderOf(encoding: string | undefined): DecodedBody | undefined {
    if (encoding === undefined || !isDecodable(encoding)) return undefined;
    const decoded = new DecodedBody(encoding, {
      onBytes: (bytes) => {
        if (!this.#take(bytes)) decoded.pause();
      },
      onEnd: () => this.#complete(),
      onError: (error) => this.#fail(upstreamError('compressed its answer in a way nobody can read', error)),
      onDrain: () => this.#resume(),
    });
    return decoded;
  }

  #onAbort = (): void => {
    if (!this.#inHook) this.#stopped();
  };

  #actOnStop(): void {
    if (this.hooks.signal.aborted) this.#stopped();
  }

  /** The call was stopped: by its budget, a switch, or because the client is gone. */
  #stopped(): void {
    if (this.#phase === 'done') return;
    const error = this.hooks.stopped();
    const tail = this.#phase === 'body' ? this.#hook(() => this.hooks.onEnd()) : undefined;
    const spent = error?.status === 402 || error?.status === 429;
    const complete = !spent && this.rules.isComplete(this.answer.last);
    this.#end({
      outcome: complete ? 'ok' : spent ? 'budget_stopped' : 'aborted',
      error,
      stopped: true,
      tail: tail ?? nothing,
    });
  }

  /** The provider is at fault. What it had completed before counts as complete. */
  #fail(error: TollgateError): void {
    if (this.#phase === 'done') return;
    const tail = this.#phase === 'body' ? this.#hook(() => this.hooks.onEnd()) : undefined;
    if (this.rules.isComplete(this.answer.last)) this.#end({ outcome: 'ok', tail: tail ?? nothing });
    else this.#end({ outcome: 'error', error, tail: tail ?? nothing });
  }

  #endRefused(received = false): void {
    if (this.#status === 429 && saysCreditIsGone(Buffer.concat(this.#refusalBody).toString('utf8'))) {
      this.#credentialRefused = true;
      this.#refusal = credentialRefused();
    }
    this.#hook(() => this.hooks.onEnd());
    this.#end({ outcome: 'error', error: this.#refusal, received });
  }

  #clientGone(): void {
    if (this.#phase === 'done') return;
    if (this.rules.whenClientGone === 'abort') {
      this.#stopped();
      return;
    }
    this.#drainUntilMs = this.rules.nowMs() + this.rules.drainMs;
    this.#timer.check();
    this.#resume();
  }

  #resume(): void {
    if (this.#phase === 'done') return;
    this.#decoded?.resume();
    if (!this.#controller?.paused) return;
    this.#phaseSinceMs = this.rules.nowMs();
    this.#controller.resume();
  }

  #enter(phase: 'first-byte' | 'body'): void {
    this.#phase = phase;
    this.#phaseSinceMs = this.rules.nowMs();
    this.#timer.check();
  }

  #nextLimit(): Limit {
    const { timeouts } = this.rules;
    const totalAtMs = this.#startedMs + timeouts.totalMs;
    let limit: Limit = { atMs: totalAtMs, kind: 'total' };
    // While the client is the slow one, the provider is not idle; the timer looks again after as long.
    const sinceMs = this.#controller?.paused ? this.rules.nowMs() : this.#phaseSinceMs;
    const part = partOf(this.#phase, timeouts);
    if (sinceMs + part.afterMs < limit.atMs) limit = { atMs: sinceMs + part.afterMs, kind: part.kind };
    return this.#drainUntilMs < limit.atMs ? { atMs: this.#drainUntilMs, kind: 'drain' } : limit;
  }

  #limitPassed(kind: Limit['kind']): void {
    if (this.#phase === 'done') return;
    if (kind === 'drain') this.#stopped();
    else if (this.#refusal) this.#endRefused();
    else this.#fail(upstreamTimeout(kind));
  }

  /** Runs a hook; one that throws ends the attempt, since what it should have measured is not measured. */
  #hook<Result>(run: () => Result): Result | undefined {
    this.#inHook = true;
    try {
      return run();
    } catch (cause) {
      this.#end({
        outcome: 'error',
        error: upstreamError('sent an answer that could not be processed', cause),
      });
      return undefined;
    } finally {
      this.#inHook = false;
    }
  }

  #end({ outcome, error, stopped = false, tail = nothing, received = false }: Ending): void {
    if (this.#phase === 'done') return;
    const running = this.#phase !== 'connect' && !received;
    this.#phase = 'done';
    this.#timer.stop();
    this.#decoded?.destroy();
    this.hooks.signal.removeEventListener('abort', this.#onAbort);
    if (running) this.#controller?.abort(new Error('The attempt has ended.'));
    this.resolve({
      outcome,
      status: this.#status,
      sent: this.#sent,
      error,
      stopped,
      tail,
      credentialRefused: this.#credentialRefused,
      firstByteMs: this.#firstByteMs,
      latencyMs: this.rules.nowMs() - this.#startedMs,
      receivedBytes: this.#receivedBytes,
    });
  }
}

type Phase = 'connect' | 'first-byte' | 'body' | 'done';

/** The timeout of a phase. */
function partOf(
  phase: Phase,
  { connectMs, firstByteMs, idleMs, totalMs }: AttemptRules['timeouts'],
): { kind: TimeoutKind; afterMs: number } {
  if (phase === 'connect') return { kind: 'connect', afterMs: connectMs };
  if (phase === 'first-byte') return { kind: 'first-byte', afterMs: firstByteMs };
  return phase === 'body' ? { kind: 'idle', afterMs: idleMs } : { kind: 'total', afterMs: totalMs };
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
