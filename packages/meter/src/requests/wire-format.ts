import type { JsonObject } from '@tollgate/core/internal';
import type { OutgoingBody } from './outgoing-body.js';
import type { ParseOptions } from './parse-options.js';
import type { RequestFacts } from './request-facts.js';

/** One wire format: how its requests are read, and how a call is changed in them. */
export interface WireFormat {
  /** Fields at the top of the body that {@link writeCap} and {@link prepare} may set; `model` may always be. */
  readonly changeable: readonly string[];
  /** Reads everything that determines the cost. `text`: the serialised body. @throws TollgateError 400 for a body that is invalid or has no bound. */
  read(body: JsonObject, options: ParseOptions, text: string): RequestFacts;
  /** Writes an output cap, in the place of all that the client stated. */
  writeCap(body: OutgoingBody, cap: number, provider: string): void;
  /** Writes fields that the format requires and that a request translated from another format may lack. */
  complete?(body: OutgoingBody, facts: RequestFacts): void;
  /** Adds fields that metering needs: requests usage, bounds the uses of server-side tools. Not in shadow mode, which changes no body. */
  prepare?(body: OutgoingBody, facts: RequestFacts, options: ParseOptions, provider: string): void;
}

/** Writes a cap into the fields that state one, or into the first where none does. */
export function writeStated(body: OutgoingBody, names: readonly string[], cap: number): void {
  const stated = names.filter((name) => typeof body.get(name) === 'number');
  const [first] = names;
  if (stated.length === 0 && first !== undefined) body.set(first, cap);
  for (const name of stated) body.set(name, cap);
}
