import type { Connection } from '../connection/connection.js';
import { StoreUnavailableError } from '../connection/store-unavailable-error.js';
import { errorCodeIn } from './reply.js';

/** A part of the keys that were sent, with its reply or its error. */
export type Sent<One, Reply> = { readonly part: readonly One[] } & (
  | { readonly reply: Reply }
  | { readonly error: unknown }
);

/**
 * Sends something for many keys at once, at most so many with one command; one by one in a cluster, and on a server that refuses keys of
 * different slots in one command (a server in cluster mode behind a plain client, a proxy of a managed Redis). Each part with its reply or
 * error, in order.
 */
export async function together<One, Reply>(
  connection: Connection,
  all: readonly One[],
  most: number,
  send: (part: readonly One[]) => Promise<Reply>,
): Promise<readonly Sent<One, Reply>[]> {
  const size = connection.isSplit ? 1 : most;
  const parts = Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
  const sent = await Promise.all(
    parts.map((part) =>
      send(part).then(
        (reply) => ({ part, reply }),
        (error: unknown) => ({ part, error }),
      ),
    ),
  );
  if (connection.isSplit || !sent.some((one) => 'error' in one && isCrossSlot(one.error))) return sent;
  connection.isSplit = true;
  return together(connection, all, most, send);
}

function isCrossSlot(error: unknown): boolean {
  const answer = error instanceof StoreUnavailableError ? error.cause : error;
  return errorCodeIn(answer) === 'CROSSSLOT';
}
