import type { Caller } from '@tollgate/core';
import { publish } from '@tollgate/core/internal';
import type { AppDoor, Visit } from './app-door.js';
import { again, backoffMs, ended, type Job, type JobEnd } from './job.js';
import type { JobTurn } from './job-queue.js';
import type { JobNotice } from './webhook.js';

/** How jobs are done. */
export interface WorkerSettings {
  readonly callers: (caller: Caller) => Caller | undefined | Promise<Caller | undefined>;
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly maxInterruptions: number;
  readonly notice: JobNotice | undefined;
  readonly now: () => number;
}

/** Answers of services that are not well at the moment; made again while nothing was billed. */
const passing: readonly number[] = [429, 502, 503, 504];
/** How often such a request is made. */
const mostTries = 10;

/** Runs one due job at a time: makes its request to the app as its caller, and returns the outcome. */
export class Worker {
  /** The app is closing: jobs cut off now are run again by another process. */
  isClosing = false;

  constructor(
    private readonly door: AppDoor,
    private readonly settings: WorkerSettings,
  ) {}

  /** A step of a job's life; never rejects. */
  readonly work = async (job: Job, turn: JobTurn): Promise<Job> => {
    try {
      return job.end ? await this.#tell(job) : await this.#do(job, turn);
    } catch (error) {
      publish('tollgate:fault', () => ({ where: 'jobs', jobId: job.id, error: String(error) }));
      return again(job, this.settings.now() + backoffMs(job.tries));
    }
  };

  async #do(job: Job, { signal, interruptions }: JobTurn): Promise<Job> {
    const { callers, now, maxInterruptions, timeoutMs, maxAnswerBytes } = this.settings;
    const { request, id } = job;
    if (!request || now() >= job.expiresAtMs) {
      return this.#failed(job, 'expired', 'It found no room in time. Nothing was charged for it.');
    }
    if (interruptions + job.cutOff > maxInterruptions) {
      return this.#failed(job, 'interrupted', 'The server that did it ended in the middle of it.');
    }
    const caller = await callers(job.caller);
    if (!caller) return this.#failed(job, 'caller_gone', 'Its credential is no longer good.');
    const late = AbortSignal.timeout(timeoutMs);
    const visit = await this.door.visit(
      request,
      { requestId: id, caller },
      { signals: [signal, late], maxAnswerBytes },
    );
    if (signal.aborted) return job;
    if (visit.answer && visit.answer.status < 400)
      return this.#end(job, { state: 'completed', answer: visit.answer });
    const againAtMs = this.#againAtMs(job, visit);
    if (againAtMs !== undefined) {
      this.#publish(job, 'postponed', { untilMs: againAtMs, code: visit.refusal?.code });
      return again(job, againAtMs);
    }
    if (this.isClosing) return { ...job, cutOff: job.cutOff + 1, dueAtMs: now() };
    if (visit.answer) return this.#end(job, { state: 'failed', answer: visit.answer });
    if (visit.isTooLarge)
      return this.#failed(job, 'answer_too_large', `It is larger than ${maxAnswerBytes} bytes.`);
    return this.#failed(job, 'timeout', 'It took too long, or broke off.');
  }

  /** When to make the request again that found no room or no service, as long as it has cost nothing; `undefined`: never. */
  #againAtMs(job: Job, { answer, refusal, hasSpent }: Visit): number | undefined {
    if (hasSpent || !answer) return undefined;
    const nowMs = this.settings.now();
    const soonestMs = nowMs + backoffMs(job.tries);
    const { deferUntilMs, retryAfterMs } = refusal ?? {};
    if (deferUntilMs !== undefined) return Math.max(deferUntilMs, soonestMs);
    if (typeof retryAfterMs === 'number') return Math.max(nowMs + retryAfterMs, soonestMs);
    return passing.includes(answer.status) && job.tries < mostTries ? soonestMs : undefined;
  }

  #failed(job: Job, code: NonNullable<JobEnd['error']>['code'], message: string): Job {
    return this.#end(job, { state: code === 'expired' ? 'expired' : 'failed', error: { code, message } });
  }

  #end(job: Job, how: Omit<JobEnd, 'atMs'>): Job {
    const { notice, now } = this.settings;
    const end = { ...how, atMs: now() };
    this.#publish(job, end.state, { status: end.answer?.status, code: end.error?.code });
    return ended(job, end, notice?.isWanted(job.caller) ?? false);
  }

  /** Notifies the job's receiver of its end, and tries again later where that fails. */
  async #tell(job: Job): Promise<Job> {
    const { notice, now } = this.settings;
    const { dueAtMs, ...told } = job;
    if ((await notice?.tell(job)) !== false) return told;
    return notice?.isWorthMore(job.tries)
      ? { ...job, tries: job.tries + 1, dueAtMs: now() + backoffMs(job.tries) }
      : told;
  }

  #publish(job: Job, outcome: string, more: Readonly<Record<string, unknown>>): void {
    const { id, caller, createdAtMs } = job;
    const { tenant, keyId, plan } = caller;
    const waitedMs = this.settings.now() - createdAtMs;
    publish('tollgate:job', () => ({
      outcome,
      jobId: id,
      requestId: id,
      tenant,
      keyId,
      plan,
      waitedMs,
      ...more,
    }));
  }
}
