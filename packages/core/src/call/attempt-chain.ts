import type { TollgateError } from '../lib/tollgate-error.js';
import type { AdmittedCall } from './call.js';

/**
 * Attempts of one call that are made through `fetch`, one after another or at once: a wrapper of a metered `fetch` passes the same chain to
 * each, so that the ledger shows them as attempts of one call.
 */
export interface AttemptChain {
  /** Set by the retrying guard: an alternative candidate for the call, whose refusal is not the request's. */
  readonly alternative: boolean;
  /** Set by the retrying guard: the requested model, where another one is called in its place. */
  readonly requestedModel: string | undefined;
  /** Set by the retrying guard: the name of the provider, as in the price catalogue, where it is known. */
  readonly provider: string | undefined;
  /** Set by the router: labels of the attempt, in its usage event; the request's labels take precedence. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** meter: the attempt that was begun last. */
  call: AdmittedCall | undefined;
  /** meter: the refusal of the attempt before anything was sent. */
  refusal: TollgateError | undefined;
}

/** The same for the ESM and the CJS copy of core. */
const slot = Symbol.for('tollgate.attempts.v1');

type Init = NonNullable<Parameters<typeof fetch>[1]>;
type ChainedInit = Init & { [slot]?: AttemptChain };

/** The arguments of a `fetch` that makes one attempt of a chain. Every other `fetch` ignores it. */
export function chained(init: Init, chain: AttemptChain): Init {
  const marked: ChainedInit = { ...init, [slot]: chain };
  return marked;
}

/** The chain that such arguments belong to. */
export function chainOf(init: Init | undefined): AttemptChain | undefined {
  const marked: ChainedInit | undefined = init;
  return marked?.[slot];
}
