import type { Job } from './job.js';
import type { JobView } from './job-view.js';

/** A job as operators see it: nothing of its prompt and answer. */
export interface ListedJob {
  readonly id: string;
  readonly tenant: string;
  readonly keyId: string | undefined;
  readonly plan: string;
  readonly status: JobView['status'];
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** When it is tried; after its end, when its notification is. */
  readonly dueAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  readonly tries: number;
  /** Why it has no answer. */
  readonly error: string | undefined;
}

export function listed({ job, isRunning }: { readonly job: Job; readonly isRunning: boolean }): ListedJob {
  const { id, caller, createdAtMs, expiresAtMs, dueAtMs, tries, end } = job;
  const { tenant, keyId, plan } = caller;
  const status = end?.state ?? (isRunning ? 'running' : 'queued');
  const ending = { endedAtMs: end?.atMs, error: end?.error?.code };
  return { id, tenant, keyId, plan, status, createdAtMs, expiresAtMs, dueAtMs, tries, ...ending };
}
