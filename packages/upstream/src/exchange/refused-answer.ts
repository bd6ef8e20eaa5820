import type { TollgateError } from '@tollgate/core';
import { saysCreditIsGone } from './classify-response.js';
import { credentialRefused } from './errors.js';

/** The most bytes that are read of a response that is not forwarded. */
const maxBytes = 64 * 1024;

/** An answer that becomes an error of ours. Its body is read, within bounds, so that its connection can serve the next call. */
export class RefusedAnswer {
  #body: Buffer[] = [];
  #bytes = 0;

  constructor(
    private readonly status: number,
    private readonly error: TollgateError,
    private readonly refusesKey: boolean,
  ) {}

  /** Takes a piece of the body; `false`: enough was read. */
  take(chunk: Buffer): boolean {
    this.#body.push(chunk);
    this.#bytes += chunk.length;
    return this.#bytes <= maxBytes;
  }

  /** The error for the client, and whether the app's own key or credit is at fault. */
  result(): { error: TollgateError; credentialRefused: boolean } {
    const spent = this.status === 429 && saysCreditIsGone(Buffer.concat(this.#body).toString('utf8'));
    return spent
      ? { error: credentialRefused(), credentialRefused: true }
      : { error: this.error, credentialRefused: this.refusesKey };
  }
}
