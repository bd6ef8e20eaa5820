import { subscribe, TollgateError } from '@tollgate/core';
import type { Request, Response } from 'express';
import type { AdminIdentity } from '../api/identity.js';

/** Between two notices of one kind, in ms. */
const pauseMs = 1_000;
/** After this time the client connects again, so that access that has ended meanwhile ends here too. */
const connectedMs = 120_000;
const mostConnected = 200;

type Kind = 'usage' | 'refusals' | 'incidents' | 'switch';

interface Listener {
  readonly tenant: string | undefined;
  readonly waiting: Set<Kind>;
  readonly send: (text: string) => void;
}

/** Server-sent events that name what has changed in this process; the page asks for the figures it shows. No figure is in them. */
export class ChangeStream {
  readonly #listeners = new Set<Listener>();
  readonly #ends = new Set<() => void>();
  readonly #stops: (() => void)[];
  readonly #timer: NodeJS.Timeout;

  constructor() {
    const concerns = (kind: Kind, tenant: unknown): void => {
      for (const one of this.#listeners) {
        if (one.tenant === undefined || one.tenant === tenant) one.waiting.add(kind);
      }
    };
    this.#stops = [
      subscribe('tollgate:settle', ({ tenant }) => concerns('usage', tenant)),
      subscribe('tollgate:refuse', ({ tenant }) => concerns('refusals', tenant)),
      subscribe('tollgate:watch', () => concerns('incidents', undefined)),
      subscribe('tollgate:switch', () => concerns('switch', undefined)),
    ];
    this.#timer = setInterval(() => this.#tell(), pauseMs);
    this.#timer.unref();
  }

  /** Answers with the stream, until the client leaves. Throws a TollgateError (503) for too many. */
  connect(req: Request, res: Response, { tenant }: AdminIdentity): void {
    if (this.#listeners.size >= mostConnected) {
      throw new TollgateError({
        status: 503,
        code: 'queue_full',
        message: 'Too many pages are connected; ask for the figures now and then.',
        retryAfterMs: 30_000,
      });
    }
    const listener: Listener = { tenant, waiting: new Set(), send: (text) => void res.write(text) };
    const end = (): void => {
      clearTimeout(timer);
      this.#listeners.delete(listener);
      this.#ends.delete(end);
      res.end();
    };
    const timer = setTimeout(end, connectedMs);
    timer.unref();
    this.#listeners.add(listener);
    this.#ends.add(end);
    req.once('close', end);
    res.once('close', end);
    res.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    res.write('retry: 5000\n\n');
  }

  end(): void {
    clearInterval(this.#timer);
    for (const stop of this.#stops) stop();
    for (const end of [...this.#ends]) end();
  }

  #tell(): void {
    for (const { waiting, send } of this.#listeners) {
      if (waiting.size === 0) continue;
      send(`event: changed\ndata: ${JSON.stringify([...waiting])}\n\n`);
      waiting.clear();
    }
  }
}
