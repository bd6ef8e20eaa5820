import type { IncomingHttpHeaders } from 'node:http';
import type { TollgateError } from '@tollgate/core';
import type { AttemptOutcome } from '@tollgate/core/internal';
import type { Dispatcher } from 'undici';
import { AttemptClock } from './attempt-clock.js';
import type {
  AnswerWriter,
  AttemptHooks,
  AttemptResult,
  AttemptRules,
  AttemptTarget,
} from './attempt-interface.js';
import { classifyResponse } from './classify-response.js';
import { DecodedBody, isDecodable } from './decoded-body.js';
import { type TimeoutKind, upstreamError, upstreamTimeout, upstreamUnavailable } from './errors.js';
import { RefusedAnswer } from './refused-answer.js';
import { answerHeaders, flatHeaders } from './response-headers.js';
import { retryWishes } from './retry-after.js';

const nothing = new Uint8Array(0);

interface Ending {
  readonly outcome: AttemptOutcome;
  readonly error?: TollgateError | undefined;
  readonly stopped?: boolean;
  readonly credentialRefused?: boolean;
  readonly tail?: Uint8Array;
  /** The provider's response is complete; its connection can be used for the next call. */
  readonly received?: boolean;
}

/** The provider's side of an attempt: combines undici's callbacks, timeouts and stops into one end. */
export class Exchange implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #sent = false;
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};
  #firstByteMs: number | undefined;
  #receivedBytes = 0;
  /** The same, decompressed. */
  #passedBytes = 0;
  #refused: RefusedAnswer | undefined;
  #decoded: DecodedBody | undefined;
  /** A hook is running; a stop meanwhile takes effect afterwards. */
  #inHook = false;
  readonly #clock: AttemptClock;

  constructor(
    private readonly hooks: AttemptHooks,
    private readonly answer: AnswerWriter,
    private readonly rules: AttemptRules,
    private readonly resolve: (result: AttemptResult) => void,
  ) {
    this.#clock = new AttemptClock({
      timeouts: rules.timeouts,
      nowMs: rules.nowMs,
      isPaused: () => this.#controller?.paused === true,
      passed: (kind) => this.#limitPassed(kind),
    });
  }

  get #isDone(): boolean {
    return this.#clock.phase === 'done';
  }

  start(target: AttemptTarget): void {
    if (this.hooks.stopped() || this.answer.gone) {
      this.#stopped();
      return;
    }
    this.hooks.onStop(() => {
      if (!this.#inHook) this.#stopped();
    });
    this.answer.onGone(() => this.#clientGone());
    this.answer.onDrain(() => this.#resume());
    this.#clock.start();
    const { dispatcher, origin, path, method, headers, body } = target;
    try {
      dispatcher.dispatch(
        {
          origin,
          path,
          method,
          headers,
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
    if (this.#isDone) {
      controller.abort(new Error('The attempt ended before it was sent.'));
      return;
    }
    this.#sent = true;
    this.#clock.enter('first-byte');
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, given: IncomingHttpHeaders): void {
    if (status < 200 || this.#isDone) return;
    const headers = flatHeaders(given);
    this.#status = status;
    this.#headers = headers;
    this.#firstByteMs = this.#clock.elapsedMs;
    this.#clock.enter('body');
    this.#hook(() => this.hooks.onResponse(status, headers));
    const verdict = classifyResponse(status, headers, Date.now());
    if ('error' in verdict) {
      this.#refused = new RefusedAnswer(status, verdict.error, verdict.credentialRefused ?? false);
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
    if (this.#isDone) return;
    this.#clock.touch();
    this.#receivedBytes += chunk.length;
    if (this.#refused) {
      if (!this.#refused.take(chunk)) this.#endRefused(this.#refused);
    } else if (this.#decoded) {
      if (!this.#decoded.write(chunk)) controller.pause();
    } else if (!this.#take(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#isDone) return;
    if (this.#refused) this.#endRefused(this.#refused, true);
    else if (this.#decoded) this.#decoded.end();
    else this.#complete();
  }

  /** Passes bytes of the answer on; `false`: the client has enough for now. */
  #take(chunk: Buffer): boolean {
    if (this.#isDone) return true;
    this.#passedBytes += chunk.length;
    const bytes = this.#hook(() => this.hooks.onChunk(chunk)) ?? nothing;
    const more = this.answer.write(bytes);
    if (this.#passedBytes > this.rules.maxResponseBytes) {
      this.#fail(upstreamError(`answered with more than ${this.rules.maxResponseBytes} bytes`));
    }
    this.#actOnStop();
    return more;
  }

  #complete(): void {
    if (this.#isDone) return;
    const tail = this.#hook(() => this.hooks.onEnd()) ?? nothing;
    const ended = { outcome: this.#status >= 400 ? 'error' : 'ok', tail, received: true } as const;
    if (ended.outcome === 'error') this.#end(ended);
    else if (this.answer.isCutShort(tail)) this.#endBroken(ended, 'answered with broken JSON');
    else if (this.rules.isBrokenOff())
      this.#endBroken(ended, 'ended its stream before the answer was complete');
    else this.#end(ended);
  }

  #endBroken(ended: Ending, what: string): void {
    this.#end({ ...ended, outcome: 'error', error: upstreamError(what) });
  }

  onResponseError(_: Dispatcher.DispatchController, cause: Error): void {
    if (this.#isDone) return;
    if (this.#refused) this.#endRefused(this.#refused);
    else if (this.#clock.phase !== 'connect') this.#fail(upstreamError('broke off its answer', cause));
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
      onError: (error) =>
        this.#fail(upstreamError('compressed its answer in a way that cannot be decoded', error)),
      onDrain: () => this.#resumeProvider(),
    });
    return decoded;
  }

  #actOnStop(): void {
    if (this.hooks.stopped()) this.#stopped();
  }

  /** The call was stopped: by its budget, a switch, or because the client has left. */
  #stopped(): void {
    if (this.#isDone) return;
    const error = this.hooks.stopped();
    const tail = this.#clock.phase === 'body' ? this.#hook(() => this.hooks.onEnd()) : undefined;
    const spent = error?.status === 402 || error?.status === 429;
    const complete = !spent && this.rules.isComplete(this.answer.last);
    this.#end({
      outcome: complete ? 'ok' : spent ? 'budget_stopped' : 'aborted',
      error,
      stopped: true,
      tail: tail ?? nothing,
    });
  }

  /** The provider is at fault. Events that were complete before count as complete. */
  #fail(error: TollgateError): void {
    if (this.#isDone) return;
    const tail = this.#clock.phase === 'body' ? this.#hook(() => this.hooks.onEnd()) : undefined;
    if (this.rules.isComplete(this.answer.last)) this.#end({ outcome: 'ok', tail: tail ?? nothing });
    else this.#end({ outcome: 'error', error, tail: tail ?? nothing });
  }

  #endRefused(refused: RefusedAnswer, received = false): void {
    this.#hook(() => this.hooks.onEnd());
    this.#end({ outcome: 'error', ...refused.result(), received });
  }

  #clientGone(): void {
    if (this.#isDone) return;
    const complete = this.rules.isComplete(this.answer.last);
    if (this.rules.drains && !complete && !this.hooks.stopped()) this.#resume();
    else this.#stopped();
  }

  #resume(): void {
    if (this.#isDone) return;
    this.#decoded?.resume();
    this.#resumeProvider();
  }

  #resumeProvider(): void {
    if (this.#isDone || !this.#controller?.paused) return;
    this.#clock.touch();
    this.#controller.resume();
  }

  #limitPassed(kind: TimeoutKind): void {
    if (this.#isDone) return;
    if (this.#refused) this.#endRefused(this.#refused);
    else this.#fail(upstreamTimeout(kind));
  }

  /** Runs a hook; one that throws ends the attempt, since its measurement is missing. */
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

  #end(ending: Ending): void {
    if (this.#isDone) return;
    const { outcome, error, stopped = false, tail = nothing, received = false } = ending;
    const running = this.#clock.phase !== 'connect' && !received;
    this.#clock.stop();
    this.#decoded?.destroy();
    if (running) this.#controller?.abort(new Error('The attempt has ended.'));
    const { retryAfterMs, retryUseless } = retryWishes(this.#status, this.#headers);
    this.resolve({
      outcome,
      status: this.#status,
      sent: this.#sent,
      error,
      stopped,
      tail,
      credentialRefused: ending.credentialRefused ?? false,
      retryAfterMs,
      retryUseless,
      firstByteMs: this.#firstByteMs,
      latencyMs: this.#clock.elapsedMs,
      receivedBytes: this.#receivedBytes,
    });
  }
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
