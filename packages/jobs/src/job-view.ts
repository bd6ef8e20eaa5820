import { forgottenAtMs, type Job } from './job.js';

/** How often to ask after a job at most, in seconds. */
const longestHintSeconds = 3_600;

/** A job as its owner sees it. */
export interface JobView {
  readonly id: string;
  readonly object: 'job';
  readonly status: 'queued' | 'running' | 'completed' | 'failed' | 'cancelled' | 'expired';
  readonly created_at: string;
  /** Not begun from then on. */
  readonly expires_at: string;
  /** When it is tried; while it waits. */
  readonly due_at?: string;
  readonly ended_at?: string;
  /** When job and answer are forgotten; after its end. */
  readonly kept_until?: string;
  /** The app's response; `body` is the JSON value where it is JSON, else the text. */
  readonly answer?: { readonly status: number; readonly content_type: string; readonly body: unknown };
  readonly error?: { readonly code: string; readonly message: string };
}

export function viewOf(job: Job, isRunning: boolean): JobView {
  const { id, createdAtMs, expiresAtMs, dueAtMs, end } = job;
  const keptUntilMs = forgottenAtMs(job);
  return {
    id,
    object: 'job',
    status: end?.state ?? (isRunning ? 'running' : 'queued'),
    created_at: iso(createdAtMs),
    expires_at: iso(expiresAtMs),
    ...(!end && !isRunning && dueAtMs !== undefined && { due_at: iso(dueAtMs) }),
    ...(end && { ended_at: iso(end.atMs) }),
    ...(keptUntilMs !== undefined && { kept_until: iso(keptUntilMs) }),
    ...(end?.answer && { answer: answerOf(end.answer) }),
    ...(end?.error && { error: end.error }),
  };
}

/** In how many seconds there may be something new; `undefined`: never. */
export function retryAfterSeconds({ end, dueAtMs = 0 }: Job, nowMs: number): number | undefined {
  if (end) return undefined;
  return Math.min(longestHintSeconds, Math.max(1, Math.ceil((dueAtMs - nowMs) / 1_000)));
}

function answerOf({ status, contentType, body }: NonNullable<NonNullable<Job['end']>['answer']>) {
  return { status, content_type: contentType, body: isJson(contentType) ? parsed(body) : body };
}

const isJson = (contentType: string): boolean => /^application\/(?:[\w.+-]+\+)?json\b/i.test(contentType);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();
