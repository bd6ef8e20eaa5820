/** Every `error.code` that Tollgate answers with. A closed list: clients may switch on it. Each is explained in docs/errors.md. */
export type TollgateErrorCode =
  | 'missing_api_key'
  | 'invalid_api_key'
  | 'key_expired'
  | 'key_revoked'
  | 'invalid_token'
  | 'conflicting_credentials'
  | 'too_many_failed_credentials'
  | 'insufficient_scope'
  | 'model_not_allowed'
  | 'rate_limit_exceeded'
  | 'quota_exceeded'
  | 'concurrency_exceeded'
  | 'queue_full'
  | 'queue_timeout'
  | 'budget_exceeded'
  | 'request_exceeds_limit'
  | 'invalid_json'
  | 'invalid_value'
  | 'model_not_priced'
  | 'unsupported_parameter'
  | 'request_too_large'
  | 'unsupported_media_type'
  | 'prompt_rejected'
  | 'store_unavailable'
  | 'budget_unverifiable'
  | 'upstream_timeout'
  | 'upstream_error'
  | 'upstream_unavailable'
  | 'upstream_rate_limited'
  | 'switched_off'
  | 'abnormal_usage'
  | 'not_found'
  | 'shutting_down'
  | 'request_aborted'
  | 'no_request'
  | 'internal_error';

/** The facts a {@link TollgateError} is made of. */
export interface TollgateErrorFacts {
  /** HTTP status of the answer, 400 to 599. */
  status: number;
  code: TollgateErrorCode;
  /** One sentence for the client: the problem and the expected value. Never a secret or prompt text. */
  message: string;
  /** The field of the body or the header at fault, e.g. `max_tokens` or `messages[0].content`. */
  param?: string | undefined;
  /** `error.type` where the table by status does not fit, e.g. `insufficient_quota`. */
  type?: string | undefined;
  /** Further response headers, e.g. `WWW-Authenticate`. */
  headers?: Readonly<Record<string, string>> | undefined;
  /**
   * How long to wait, in milliseconds. Present: `Retry-After`, `retry-after-ms` and `x-should-retry: true` are sent. `false`: waiting does
   * not help, `x-should-retry: false` is sent. Absent: none of them is sent.
   */
  retryAfterMs?: number | false | undefined;
  /** When the limit resets, in milliseconds since the epoch; sent in the body as `resets_at` (ISO 8601). */
  resetsAtMs?: number | undefined;
  /** Its plan defers requests that may wait: when it may fit, in milliseconds since the epoch. Never sent. */
  deferUntilMs?: number | undefined;
  /** The cause of this error, for the app's log; never sent. */
  cause?: unknown;
}

const brand = Symbol.for('tollgate.error');

/**
 * A refusal or a fault with everything its answer needs: `status`, `code`, `headers`. Express's own error handler honours
 * `status` and `headers` too. Recognise it with {@link isTollgateError}, not `instanceof`: two copies of core may be loaded.
 */
export class TollgateError extends Error {
  readonly [brand] = true;
  override readonly name: string = 'TollgateError';
  readonly status: number;
  readonly code: TollgateErrorCode;
  readonly param: string | undefined;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | false | undefined;
  readonly resetsAtMs: number | undefined;
  readonly deferUntilMs: number | undefined;

  constructor(facts: TollgateErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.status = facts.status;
    this.code = facts.code;
    this.param = facts.param;
    this.type = facts.type ?? typeByStatus(facts.status);
    this.retryAfterMs = facts.retryAfterMs;
    this.resetsAtMs = facts.resetsAtMs;
    this.deferUntilMs = facts.deferUntilMs;
    this.headers = { ...facts.headers, ...retryHeaders(facts.retryAfterMs) };
  }

  /** How long waiting helps, in whole seconds, rounded up; `undefined` where waiting does not help. */
  get retryAfterSeconds(): number | undefined {
    return typeof this.retryAfterMs === 'number'
      ? Math.max(1, Math.ceil(this.retryAfterMs / 1000))
      : undefined;
  }
}

/** Whether a value is a {@link TollgateError} of this or another loaded copy of core. */
export function isTollgateError(value: unknown): value is TollgateError {
  return typeof value === 'object' && value !== null && brand in value;
}

function typeByStatus(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 402) return 'insufficient_quota';
  if (status === 403) return 'permission_error';
  if (status === 404) return 'not_found_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'api_error' : 'invalid_request_error';
}

function retryHeaders(retryAfterMs: number | false | undefined): Record<string, string> {
  if (retryAfterMs === undefined) return {};
  if (retryAfterMs === false) return { 'x-should-retry': 'false' };
  return {
    'Retry-After': String(Math.max(1, Math.ceil(retryAfterMs / 1000))),
    'retry-after-ms': String(Math.max(1, Math.ceil(retryAfterMs))),
    'x-should-retry': 'true',
  };
}
