import type { IncomingHttpHeaders } from 'node:http';
import type { Json } from './json.js';
import { parseJson } from './read-body.js';
import type { Api, Family } from './route.js';
import { NO_USAGE, type TokenUsage, usageAfter } from './token-usage.js';

/** How a request ended. `cut`: the provider's script ended it; `client-gone`: the client closed before the answer was complete. */
export type Outcome = 'open' | 'answered' | 'cut' | 'client-gone';

/** One request in the provider's accounts. Only the provider writes here. */
export class ReceivedRequest {
  /** Status answered; undefined before the headers. */
  status: number | undefined;
  outcome: Outcome = 'open';
  /** Model of the request, from body or path. */
  model: string | undefined;
  /** Whether a stream was asked for. */
  stream = false;
  /** Output tokens generated so far, hidden ones included. */
  producedTokens = 0;
  /** The usage last sent, as it stood on the wire; undefined when none was sent. */
  reportedUsage: Json | undefined;
  /** When the headers went out, in milliseconds since the epoch. */
  headersAtMs: number | undefined;
  /** When it ended, in milliseconds since the epoch. */
  endedAtMs: number | undefined;
  /** Usage of the whole answer, were it complete; undefined where nothing is billed (refusals, errors). */
  fullUsage: TokenUsage | undefined;

  constructor(
    /** Counts from 1 since the last `reset()`. */
    readonly id: number,
    readonly api: Api,
    readonly family: Family,
    readonly method: string,
    /** Path with its query. */
    readonly url: string,
    /** Headers as received, names in lower case. */
    readonly headers: IncomingHttpHeaders,
    /** The body as received. */
    readonly rawBody: Buffer,
    /** When the last byte of the request had arrived, in milliseconds since the epoch. */
    readonly receivedAtMs: number,
  ) {}

  private parsed: { body: Json | undefined } | undefined;

  /** The body parsed, once it is asked for; undefined where it is not JSON. */
  get body(): Json | undefined {
    this.parsed ??= { body: parseJson(this.rawBody) };
    return this.parsed.body;
  }

  /** Whether the client closed before the answer was complete. */
  get aborted(): boolean {
    return this.outcome === 'client-gone';
  }

  /** The provider's bill for it, independent of the reported usage: the input and the output generated so far. */
  get billed(): TokenUsage {
    return this.fullUsage ? usageAfter(this.producedTokens, this.fullUsage) : NO_USAGE;
  }
}
