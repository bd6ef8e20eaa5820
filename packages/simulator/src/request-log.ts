import type { ReceivedRequest } from './received-request.js';
import { addUsage, NO_USAGE, type TokenUsage } from './token-usage.js';

/** Totals over the requests received. */
export interface Accounts {
  /** Requests received. */
  requests: number;
  /** Of them, those that have not ended. */
  open: number;
  /** Of them, those whose client left before the end. */
  aborted: number;
  /** How many were answered with each status. */
  byStatus: Record<number, number>;
  /** Total billed usage. */
  billed: TokenUsage;
  /** The same per model asked for. */
  byModel: Record<string, { requests: number; billed: TokenUsage }>;
}

interface Waiter {
  ready(): boolean;
  resolve(): void;
}

/** Keeps the requests and wakes those who wait for them. */
export class RequestLog {
  readonly requests: ReceivedRequest[] = [];
  private waiters: Waiter[] = [];
  private dropped: Accounts = noAccounts();
  private received = 0;
  private ended = 0;

  constructor(private readonly keep: number) {}

  /** The id of the next request. */
  get nextId(): number {
    return this.received + 1;
  }

  add(request: ReceivedRequest): void {
    this.received += 1;
    this.requests.push(request);
    const [oldest] = this.requests;
    if (oldest && this.requests.length > this.keep && oldest.outcome !== 'open') {
      enter(this.dropped, oldest);
      this.requests.shift();
    }
    this.wake();
  }

  noteEnd(): void {
    this.ended += 1;
    this.wake();
  }

  clear(): void {
    this.requests.length = 0;
    this.dropped = noAccounts();
    this.received = 0;
    this.ended = 0;
  }

  total(): Accounts {
    const accounts = structuredClone(this.dropped);
    for (const request of this.requests) enter(accounts, request);
    return accounts;
  }

  waitFor(kind: 'received' | 'ended', count: number, timeoutMs: number): Promise<void> {
    const now = (): number => (kind === 'received' ? this.received : this.ended);
    if (now() >= count) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        reject(new Error(`simulated provider: ${now()} of ${count} requests ${kind} after ${timeoutMs} ms`));
      }, timeoutMs);
      const waiter: Waiter = {
        ready: () => now() >= count,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      this.waiters.push(waiter);
    });
  }

  private wake(): void {
    if (this.waiters.length === 0) return;
    const ready = this.waiters.filter((waiter) => waiter.ready());
    this.waiters = this.waiters.filter((waiter) => !ready.includes(waiter));
    for (const waiter of ready) waiter.resolve();
  }
}

function noAccounts(): Accounts {
  return { requests: 0, open: 0, aborted: 0, byStatus: {}, billed: { ...NO_USAGE }, byModel: {} };
}

function enter(accounts: Accounts, request: ReceivedRequest): void {
  const { billed, model, status } = request;
  accounts.requests += 1;
  if (request.outcome === 'open') accounts.open += 1;
  if (request.aborted) accounts.aborted += 1;
  if (status !== undefined) accounts.byStatus[status] = (accounts.byStatus[status] ?? 0) + 1;
  accounts.billed = addUsage(accounts.billed, billed);
  if (model === undefined) return;
  const before = accounts.byModel[model] ?? { requests: 0, billed: NO_USAGE };
  accounts.byModel[model] = { requests: before.requests + 1, billed: addUsage(before.billed, billed) };
}
