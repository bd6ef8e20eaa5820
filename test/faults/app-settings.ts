/** Where an app process is told to end itself with SIGKILL, between a request's reservation and its settlement. */
export const killPoints = [
  /** The store has admitted the request. */
  'reserved',
  /** The call is covered; the provider is asked next. */
  'before-call',
  /** The provider's headers are there. */
  'headers',
  /** The tenth chunk of the stream. */
  'mid-stream',
  /** The stream has ended; nothing is charged yet. */
  'before-charge',
  /** The store has charged; this process has not heard of it. */
  'after-charge',
  /** The first of a request's two calls is charged; its reservation is still open. */
  'between-calls',
] as const;

export type KillPoint = (typeof killPoints)[number];

/** What an app process is started with, as JSON in its first argument. */
export interface AppSettings {
  /** One server's port, or those of a cluster. */
  redisPorts: readonly number[];
  cluster: boolean;
  prefix: string;
  providerUrl: string;
  /** Plan text of each tenant's money. */
  spend: string;
  leaseMs: number;
  /** How long a decision may take. */
  deadlineMs: number;
  /** How far this process's clock is off. */
  offsetMs: number;
  killAt: KillPoint | undefined;
  /** Where settlements are kept that Redis does not take. */
  spool?: string;
}

/** What an app process tells of itself. */
export interface AppState {
  /** How long each decision of the budget took, in ms, since the last look. */
  decisionsMs: number[];
  /** The longest this process's own event loop stood still since the last look, in ms. */
  lagMs: number;
  /** Heap in use after a garbage collection. */
  heapBytes: number;
  /** Rejections that nobody handled. */
  unhandled: string[];
}

/** The price of the one model, in nano-dollars a token. */
export const inputNanoUsd = 1_000;
export const outputNanoUsd = 4_000;
