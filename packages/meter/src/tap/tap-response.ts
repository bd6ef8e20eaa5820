import type { TollgateContext } from '@tollgate/core';
import type { DeclaredCall, RequestEnd, Settlement, Writing } from '@tollgate/core/internal';
import type { Request, Response } from 'express';
import type { CallReading } from '../calls/call-reading.js';
import type { RequestMeter } from '../calls/request-meter.js';
import { type Decoder, decoderOf } from './decoder.js';

/**
 * Reads the usage of the declared call from the bytes written to the response, for third-party proxies. Bytes, return values and so
 * back-pressure stay the same. `accept-encoding` asks the proxy for an uncompressed response; a compressed one is decoded separately.
 * Counts only where no call was begun.
 */
export function tapResponse(
  req: Request,
  res: Response,
  context: TollgateContext,
  meter: RequestMeter,
): void {
  const declared: Writing<DeclaredCall> | undefined = context.calls.declared;
  const reading = declared && meter.reading(declared);
  if (!declared || !reading) return;
  declared.tapped = true;
  req.headers['accept-encoding'] = 'identity';
  const tap = new ResponseTap(res, reading);
  wrap(res, 'write', (chunk, encoding) => tap.saw(chunk, encoding));
  wrap(res, 'end', (chunk, encoding) => tap.saw(chunk, encoding));
  meter.tapped = (end) => (context.calls.begun ? Promise.resolve(undefined) : tap.settle(end));
}

class ResponseTap {
  #decoder: Decoder | undefined;
  #begun = false;

  constructor(
    private readonly res: Response,
    private readonly reading: CallReading,
  ) {}

  saw(chunk: unknown, encoding: unknown): void {
    const bytes = bytesOf(chunk, encoding);
    if (!bytes || bytes.length === 0) return;
    if (!this.#begun) this.#begin();
    this.#decoder?.push(bytes);
  }

  /**
   * The settlement that the response shows; nothing where the handler answered without a call. Where the client left, or the proxy
   * answered that the provider failed or timed out (502, 504), the call may have been made: its end is unknown.
   */
  async settle(end: RequestEnd): Promise<Settlement | undefined> {
    await this.#decoder?.end();
    const failed = end.status === 502 || end.status === 504;
    if (end.routed && (failed || (end.aborted && !this.#begun))) {
      return this.reading.settleUnseen();
    }
    if (!this.#begun || end.status < 200 || end.status >= 300) return undefined;
    return this.reading.settle({
      outcome: end.aborted ? 'aborted' : 'ok',
      status: end.status,
      sent: true,
      last: true,
    });
  }

  #begin(): void {
    this.#begun = true;
    const header = (name: string): string => String(this.res.getHeader(name) ?? '').toLowerCase();
    this.reading.begin(this.res.statusCode, header('content-type') || undefined);
    this.#decoder = decoderOf(header('content-encoding'), (bytes) => {
      this.reading.push(bytes);
    });
  }
}

function bytesOf(chunk: unknown, encoding: unknown): Uint8Array | undefined {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk !== 'string') return undefined;
  return Buffer.from(chunk, typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8');
}

/** Calls a function with the first two arguments of a method before the method runs. */
function wrap(res: Response, name: 'write' | 'end', saw: (chunk: unknown, encoding: unknown) => void): void {
  const original = res[name];
  const tapped = (...args: unknown[]): unknown => {
    saw(args[0], args[1]);
    return Reflect.apply(original, res, args);
  };
  Object.defineProperty(res, name, { value: tapped, configurable: true, writable: true });
}
