import type { Caller } from '@tollgate/core';
import { accepts, checkOptions, type GuardOptions, guardChecks } from '@tollgate/core/internal';
import type { Request } from 'express';
import type { JobQueue } from './job-queue.js';
import { JobNotice, type JobWebhook } from './webhook.js';

/** Options of {@link jobs}. */
export interface JobsOptions extends GuardOptions {
  /** Where jobs wait: `memoryJobs()`, or `bullJobs()`, which survives its processes. */
  queue: JobQueue;
  /**
   * The current caller before each run: `keyCallers({ keys })`. `undefined`: its credential is no longer valid, and the job is not done; a
   * request whose caller is already `undefined` is refused instead of deferred. May reject while the caller cannot be determined.
   */
  callers: (caller: Caller) => Caller | undefined | Promise<Caller | undefined>;
  /** Where jobs are asked after: `GET` and `DELETE <path>/<id>`, as the client sees it. @defaultValue '/v1/jobs' */
  path?: string;
  /** Requests that may wait without declaring it, e.g. `(req) => req.path === '/reports'`. @defaultValue none */
  mayWait?: (req: Request) => boolean;
  /** Further request headers that are kept and sent again, in lower case. Never credentials. @defaultValue [] */
  keepHeaders?: readonly string[];
  /** A job that finds no room for this long expires. Milliseconds, 1 000 to 2 678 400 000 (31 days). @defaultValue 86_400_000 (24 h) */
  expireAfterMs?: number;
  /** How long a job and its answer are kept after its end. Milliseconds, 1 000 to 2 678 400 000. @defaultValue 86_400_000 (24 h) */
  keepMs?: number;
  /** A request with a larger body is refused instead of deferred. Bytes, positive integer. @defaultValue 1_048_576 */
  maxBodyBytes?: number;
  /** A job with a larger answer fails, though it was paid for. Bytes, positive integer. @defaultValue 4_194_304 */
  maxAnswerBytes?: number;
  /** How many jobs this process does at once. 1 to 1 000. @defaultValue 4 */
  concurrency?: number;
  /** How long the app may take for one job. Milliseconds, 1 000 to 86 400 000. @defaultValue 600_000 (10 min) */
  timeoutMs?: number;
  /**
   * How often an interrupted job, whose process died, is started again; after that it fails. The cost of its provider calls up to then is
   * charged each time, so with 0 no call is ever made twice. 0 to 100. @defaultValue 1
   */
  maxInterruptions?: number;
  /** How long a request waits for the queue. Milliseconds, 1 to 60 000. @defaultValue 2_000 */
  queueDeadlineMs?: number;
  /** Receiver of a job's end: a target, or a function of its caller. From code only. @defaultValue none */
  webhook?: JobWebhook | ((caller: Caller) => JobWebhook | undefined);
  /** Clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** Options of {@link jobs}, checked and complete. */
export interface JobsSettings {
  readonly queue: JobQueue;
  readonly callers: JobsOptions['callers'];
  readonly path: string;
  readonly mayWait: (req: Request) => boolean;
  readonly keepHeaders: readonly string[];
  readonly expireAfterMs: number;
  readonly keepMs: number;
  readonly maxBodyBytes: number;
  readonly maxAnswerBytes: number;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly maxInterruptions: number;
  readonly queueDeadlineMs: number;
  readonly notice: JobNotice | undefined;
  readonly now: () => number;
  readonly mode: 'enforce' | 'shadow' | 'off';
  readonly answer: Pick<GuardOptions, 'refusals' | 'errorFormat'>;
}

const mostMs = 31 * 86_400_000;
/** The headers that are kept for the deferred request. */
const keptHeaders = [
  'accept',
  'anthropic-beta',
  'anthropic-version',
  'content-type',
  'host',
  'openai-beta',
  'x-tollgate-labels',
];
/** Headers that identify a client are never kept, no matter what the app configures. */
const credentials = [
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'cookie',
  'proxy-authorization',
];

/** Checks and completes the options, once, at start. Throws a `TypeError` for a wrong, unknown or missing one. */
export function readOptions(options: JobsOptions): JobsSettings {
  checkOptions<JobsOptions>(
    'jobs',
    options,
    {
      ...guardChecks,
      queue: accepts.methods('add', 'read', 'cancel', 'start', 'close'),
      callers: accepts.function,
      path: (value) =>
        (typeof value === 'string' && /^\/[^?#\s]*[^/?#\s]$/.test(value)) || 'a path such as "/v1/jobs"',
      mayWait: accepts.function,
      keepHeaders: accepts.arrayOf(isKeepable),
      expireAfterMs: accepts.integerBetween(1_000, mostMs),
      keepMs: accepts.integerBetween(1_000, mostMs),
      maxBodyBytes: accepts.positiveInteger,
      maxAnswerBytes: accepts.positiveInteger,
      concurrency: accepts.integerBetween(1, 1_000),
      timeoutMs: accepts.integerBetween(1_000, 86_400_000),
      maxInterruptions: accepts.integerBetween(0, 100),
      queueDeadlineMs: accepts.integerBetween(1, 60_000),
      webhook: (value) =>
        typeof value === 'function' || accepts.object(value) === true || 'a target or a function',
      now: accepts.function,
    },
    ['queue', 'callers'],
  );
  return {
    queue: options.queue,
    callers: options.callers,
    path: options.path ?? '/v1/jobs',
    mayWait: options.mayWait ?? (() => false),
    keepHeaders: [...keptHeaders, ...(options.keepHeaders ?? [])],
    expireAfterMs: options.expireAfterMs ?? 86_400_000,
    keepMs: options.keepMs ?? 86_400_000,
    maxBodyBytes: options.maxBodyBytes ?? 1_048_576,
    maxAnswerBytes: options.maxAnswerBytes ?? 4_194_304,
    concurrency: options.concurrency ?? 4,
    timeoutMs: options.timeoutMs ?? 600_000,
    maxInterruptions: options.maxInterruptions ?? 1,
    queueDeadlineMs: options.queueDeadlineMs ?? 2_000,
    notice: options.webhook && new JobNotice(options.webhook),
    now: options.now ?? Date.now,
    mode: options.mode ?? 'enforce',
    answer: { refusals: options.refusals ?? 'answer', errorFormat: options.errorFormat ?? 'auto' },
  };
}

function isKeepable(value: unknown): true | string {
  const good = typeof value === 'string' && /^[a-z0-9-]+$/.test(value) && !credentials.includes(value);
  return good || 'a header name in lower case that carries no credential';
}
