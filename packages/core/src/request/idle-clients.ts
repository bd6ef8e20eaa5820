import type { Response } from 'express';
import { publish } from '../lib/channel.js';
import type { TollgateContext } from './context.js';

/** How long a client may accept no byte, in milliseconds, unless an app sets it. */
export const defaultClientIdleMs = 30_000;

/** A response, and its client's progress in reading it. */
interface Watched {
  readonly idleMs: number;
  /** Bytes accepted by the client's side, according to the socket. */
  taken: number;
  /** Since when that number has not changed although more is waiting, by a monotonic clock. */
  sinceMs: number;
}

const watched = new Map<Response, Watched>();
let timer: NodeJS.Timeout | undefined;

/** Clients are checked four times within the shortest idle time, at most this often, in ms. */
const shortestLookMs = 25;
const longestLookMs = 1_000;

/**
 * Cuts the connection of a client that accepts no byte of its response for `idleMs` while more is waiting to be sent: it holds places and
 * memory that others need. One that reads slowly stays. Of several calls for one response the shortest time counts.
 */
export function cutIdleClient(context: TollgateContext, idleMs: number): void {
  const { res } = context;
  if (!res || res.closed || res.destroyed) return;
  const known = watched.get(res);
  if (known && known.idleMs <= idleMs) return;
  watched.set(res, { idleMs, taken: takenOf(res), sinceMs: performance.now() });
  // At once where the connection has gone already.
  if (!known) context.onClosed(() => watched.delete(res));
  look();
}

function look(): void {
  if (timer || watched.size === 0) return;
  let shortest = longestLookMs * 4;
  for (const { idleMs } of watched.values()) shortest = Math.min(shortest, idleMs);
  const everyMs = Math.max(shortestLookMs, Math.min(longestLookMs, shortest / 4));
  timer = setTimeout(() => {
    timer = undefined;
    const nowMs = performance.now();
    for (const [res, client] of watched) check(res, client, nowMs);
    look();
  }, everyMs).unref();
}

function check(res: Response, client: Watched, nowMs: number): void {
  const taken = takenOf(res);
  if (res.writableLength === 0 || taken !== client.taken) {
    client.taken = taken;
    client.sinceMs = nowMs;
    return;
  }
  if (nowMs - client.sinceMs < client.idleMs) return;
  watched.delete(res);
  publish('tollgate:fault', () => ({
    where: 'client',
    requestId: res.req?.tollgate?.requestId,
    error: `the client accepted no byte for ${client.idleMs} ms`,
  }));
  res.destroy();
}

/** Bytes written minus bytes waiting; it grows when the system accepts a piece. */
function takenOf(res: Response): number {
  const { socket } = res;
  return socket ? socket.bytesWritten - socket.writableLength : 0;
}
