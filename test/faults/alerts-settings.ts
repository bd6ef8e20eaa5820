/** Where the process of the alerts tests finds what it needs. */
export interface AlertsSettings {
  readonly redisUrl: string;
  readonly receiverUrl: string;
  readonly secret: string;
  /** What Redis may take. */
  readonly deadlineMs: number;
  /** How long Redis may be away before that is told, and told alone. */
  readonly patienceMs: number;
}

/** What it is told to do; it answers `done`. */
export type AlertsCommand =
  | { readonly what: 'spend'; readonly cents: number }
  | { readonly what: 'raise'; readonly key: string; readonly severity: 'warning' | 'error' }
  | { readonly what: 'resolve'; readonly key: string }
  | { readonly what: 'end' };
