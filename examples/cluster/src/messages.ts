import type { Accounts } from '@tollgate/simulator';
import type { KeyStore, UsageEvent } from 'tollgate';

/** The order with which a worker starts. */
export interface WorkerOrder {
  redisUrl: string;
  prefix: string;
  capNanoUsd: number;
  providerUrl: string;
  key: NonNullable<Awaited<ReturnType<KeyStore['find']>>>;
}

/** The order with which the load generator starts. */
export interface LoadOrder {
  urls: string[];
  key: string;
  model: string;
  requestsPerWorker: number;
  asksAgain: number;
}

/** Messages of child processes to the process that started them. */
export interface Told {
  ready?: true;
  /** Where a worker or the provider listens. */
  url?: string;
  /** Usage events that came to a worker's sink. */
  events?: UsageEvent[];
  books?: Accounts;
  /** How often each status was answered. */
  answers?: Record<string, number>;
}
