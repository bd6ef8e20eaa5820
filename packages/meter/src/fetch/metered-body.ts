import type { AdmittedCall, AttemptOutcome, CallHandle } from '@tollgate/core/internal';

/** When the transport gives up on a body. */
export interface BodyLimits {
  /** Milliseconds without a read after which the call is settled and the connection closed. */
  readonly idleMs: number;
  /** Milliseconds that a body is read on for its usage after its reader has left; 0: not at all. */
  readonly drainMs: number;
  /** Called once the body is over, however it ended. */
  readonly release: () => void;
}

/** After the end of the response, an unread body is read to its end for its usage, at most this long, in ms. */
const aloneMs = 1_000;

/** How long usage is waited for after the model has finished, even where no body is drained, in ms. */
export const usageWaitMs = 1_000;

/** The model has finished, and its usage is still missing: the last bytes of a stream, often already on their way. */
export const usageIsNear = (call: AdmittedCall): boolean =>
  call.answer === 'whole' && call.running?.usage.source !== 'provider';

type Source = ReadableStreamDefaultReader<Uint8Array>;

/** Settles calls whose body was dropped unread, without having been cancelled. */
const dropped = new FinalizationRegistry<() => void>((abandon) => abandon());

/**
 * A provider's body with the pipeline's hooks on it: bytes are read only on demand, the attempt is settled when the body ends in any way,
 * and an unread body is given up.
 */
export function meteredBody(
  handle: CallHandle,
  body: ReadableStream<Uint8Array>,
  status: number,
  limits: BodyLimits,
): ReadableStream<Uint8Array> {
  const source = body.getReader();
  const attempt = new BodyAttempt(handle, source, status, limits);
  const stream = new ReadableStream<Uint8Array>(
    { pull: (controller) => attempt.pull(controller), cancel: (reason) => attempt.cancel(reason) },
    { highWaterMark: 0 },
  );
  dropped.register(stream, () => attempt.abandon(), attempt);
  return stream;
}

class BodyAttempt {
  #idle: NodeJS.Timeout;
  #reading = false;
  /** It is read only for its usage. */
  #taken = false;
  #over = false;

  constructor(
    private readonly handle: CallHandle,
    private readonly source: Source,
    private readonly status: number,
    private readonly limits: BodyLimits,
  ) {
    this.#idle = setTimeout(() => this.abandon(), limits.idleMs);
    this.#idle.unref();
    handle.onAlone(() => this.#alone());
    handle.signal.addEventListener('abort', () => this.#stopped(), { once: true });
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#taken) throw new Error('The response is over, and the body was read for its usage.');
    this.#idle.refresh();
    this.#reading = true;
    try {
      for (;;) {
        const { done, value } = await this.source.read();
        if (done) break;
        const bytes = this.handle.onChunk(value);
        if (bytes.length === 0) continue;
        controller.enqueue(bytes);
        return;
      }
      this.#close(controller);
    } catch (error) {
      this.#broken(controller, error);
    } finally {
      this.#reading = false;
    }
  }

  /** The reader has left. The remaining bytes are read for the usage if that is enabled, or if the usage is about to arrive. */
  async cancel(reason: unknown): Promise<void> {
    const { call } = this.handle;
    const drainMs = Math.max(this.limits.drainMs, usageIsNear(call) ? usageWaitMs : 0);
    if (this.#taken) return;
    if (drainMs > 0 && !call.stopped) {
      void this.#drain(drainMs);
      return;
    }
    this.#end('aborted');
    await this.source.cancel(reason);
  }

  /** The body has lost its reader. */
  abandon(): void {
    if (this.#over) return;
    this.#end('aborted');
    this.source.cancel().catch(() => undefined);
  }

  /** The response is over. A handler may continue to read; the rest is read here. */
  #alone(): void {
    clearTimeout(this.#idle);
    const { drainMs, idleMs } = this.limits;
    const waitMs = drainMs > 0 ? aloneMs : idleMs;
    this.#idle = setTimeout(() => {
      if (this.#reading) this.#idle.refresh();
      else if (drainMs > 0) void this.#drain(drainMs);
      else this.abandon();
    }, waitMs);
    this.#idle.unref();
  }

  /** Stopped without a reader: settled now, since it may never be read again. */
  #stopped(): void {
    const { call } = this.handle;
    if (!call.stopped || this.#reading) return;
    if (usageIsNear(call)) void this.#drain(usageWaitMs);
    else this.#end(stoppedOutcome(call.stopped.code));
  }

  async #drain(drainMs: number): Promise<void> {
    if (this.#taken || this.#over) return;
    this.#taken = true;
    const timer = setTimeout(() => this.abandon(), drainMs);
    try {
      for (;;) {
        const { done, value } = await this.source.read();
        if (done) break;
        this.handle.onChunk(value);
      }
      this.handle.onEnd();
      this.#end('ok');
    } catch {
      this.#end('aborted');
    } finally {
      clearTimeout(timer);
    }
  }

  #close(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const rest = this.handle.onEnd();
    this.#end('ok');
    if (rest.length > 0) controller.enqueue(rest);
    controller.close();
  }

  /** Stopped by us: the stream ends in the provider's format, where it can. Otherwise its reader sees the error. */
  #broken(controller: ReadableStreamDefaultController<Uint8Array>, error: unknown): void {
    const { stopped } = this.handle.call;
    const rest = this.handle.onEnd();
    const outcome = stopped ? stoppedOutcome(stopped.code) : isAbort(error) ? 'aborted' : 'error';
    this.#end(outcome);
    if (stopped && rest.length > 0) {
      controller.enqueue(rest);
      controller.close();
    } else controller.error(stopped ?? error);
  }

  #end(outcome: AttemptOutcome): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#idle);
    this.limits.release();
    dropped.unregister(this);
    const seen = this.status < 400 || outcome === 'budget_stopped' ? outcome : 'error';
    void this.handle.end({ outcome: seen, status: this.status, sent: true, last: false });
  }
}

/** How an attempt ended that was stopped with this code. */
export const stoppedOutcome = (code: string): AttemptOutcome =>
  code === 'request_aborted' ? 'aborted' : 'budget_stopped';

/** Whether an error means that the caller's own signal fired. By name: errors of another realm are no `Error` here. */
export const isAbort = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'name' in error &&
  (error.name === 'AbortError' || error.name === 'TimeoutError');
