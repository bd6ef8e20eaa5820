import { createServer, type RequestListener, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { TollgateContext, TollgateError } from '@tollgate/core';
import { type JobRun, setJobRun } from '@tollgate/core/internal';
import { duplexPair } from './duplex-pair.js';
import type { DeferredRequest, JobAnswer } from './job.js';

/** The outcome of running a deferred request. */
export interface Visit {
  /** Absent: it was aborted, or its answer was too large. */
  readonly answer: JobAnswer | undefined;
  readonly isTooLarge: boolean;
  /** The guard's refusal for lack of room; not sent to any client. */
  readonly refusal: TollgateError | undefined;
  /** Whether a provider call is known to have cost anything. */
  readonly hasSpent: boolean;
}

interface OpenVisit {
  readonly run: JobRun;
  context?: TollgateContext;
  hasSpent: boolean;
}

/** How long calls may continue after the response, in ms. */
const settleMs = 5_000;

/**
 * Sends requests to the app from inside: real HTTP on a connection that never leaves this process, so that the app's guards, routes and
 * error handlers treat them like any other. There is no listener, so no other client can use this entry.
 */
export class AppDoor {
  readonly #visits = new WeakMap<Duplex, OpenVisit>();
  readonly #byRun = new WeakMap<JobRun, OpenVisit>();
  readonly #server;

  constructor(app: RequestListener) {
    this.#server = createServer((req, res) => {
      const visit = this.#visits.get(req.socket);
      if (!visit) {
        res.destroy();
        return;
      }
      setJobRun(req, visit.run);
      app(req, res);
    });
  }

  /** The guard has received a request of this kind: from here on its calls are watched. */
  enter(run: JobRun, context: TollgateContext): void {
    const visit = this.#byRun.get(run);
    if (!visit) return;
    visit.context = context;
    context.calls.use({
      name: 'jobs',
      stage: 'record',
      end({ settlement }) {
        if (settlement && (settlement.costNanoUsd > 0 || settlement.usage.outputTokens > 0))
          visit.hasSpent = true;
      },
    });
  }

  async visit(
    { method, url, headers, body }: DeferredRequest,
    run: JobRun,
    { signals, maxAnswerBytes }: { signals: readonly AbortSignal[]; maxAnswerBytes: number },
  ): Promise<Visit> {
    const [inside, outside] = duplexPair();
    const visit: OpenVisit = { run, hasSpent: false };
    this.#visits.set(inside, visit);
    this.#byRun.set(run, visit);
    this.#server.emit('connection', inside);
    const abort = (): void => void outside.destroy();
    // Not by `AbortSignal.any()`: on Node 20 a timeout is collected in there, and never fires.
    for (const signal of signals) {
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
    }
    const read = new AnswerReader(maxAnswerBytes);
    try {
      await read.from(
        request({
          ...{ method, path: url, createConnection: () => outside },
          headers: { ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' },
        }).end(body),
      );
    } finally {
      for (const signal of signals) signal.removeEventListener('abort', abort);
      outside.destroy();
    }
    const { context } = visit;
    if (context) await settled(context);
    const { answer, isTooLarge } = read;
    return { answer, isTooLarge, refusal: context?.refusal, hasSpent: visit.hasSpent };
  }
}

/** Resolves when no call of the request runs any more. */
async function settled({ calls }: TollgateContext): Promise<void> {
  const untilMs = performance.now() + settleMs;
  while (calls.running.size > 0 && performance.now() < untilMs) await delay(5);
}

/** Reads one response, up to this many bytes. */
class AnswerReader {
  answer: JobAnswer | undefined;
  isTooLarge = false;

  constructor(private readonly maxBytes: number) {}

  /** Resolves when it is over, however it ends. */
  from(asking: ReturnType<typeof request>): Promise<void> {
    return new Promise((resolve) => {
      asking.once('error', () => resolve());
      asking.once('close', () => resolve());
      asking.once('response', (res) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        res.on('error', () => resolve());
        res.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= this.maxBytes) chunks.push(chunk);
        });
        res.on('end', () => {
          this.isTooLarge = bytes > this.maxBytes;
          const contentType = res.headers['content-type'] ?? '';
          const body = Buffer.concat(chunks).toString('utf8');
          if (!this.isTooLarge) this.answer = { status: res.statusCode ?? 0, contentType, body };
          resolve();
        });
      });
    });
  }
}
