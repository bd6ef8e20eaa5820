import type { DeclaredCall } from '@tollgate/core/internal';
import type { HeaderOf } from '../pace/stated-limits.js';
import type { Step } from '../resilience/step.js';
import { answerSeen } from '../route/answer-seen.js';
import type { RouteTaken } from '../route/routed-call.js';
import type { Router } from '../route/router.js';

/** A router's choice for one call through `fetch`, and the measurements that it gets from the responses. */
export class FetchRouting {
  constructor(
    private readonly router: Router,
    private readonly route: RouteTaken,
    private readonly streams: boolean,
  ) {}

  get task(): string {
    return this.route.task;
  }

  /** For `x-tollgate-route`. */
  get parameters(): string {
    return this.route.parameters;
  }

  /** An answer has begun. */
  began({ target }: Step, headerOf: HeaderOf): void {
    if (target.provider) this.router.began(target.provider, target.model, headerOf);
  }

  /** An answer was read to its end; `call` is its attempt, where it was metered. */
  answered(
    { target }: Step,
    call: DeclaredCall | undefined,
    times: { readonly firstByteMs: number | undefined; readonly latencyMs: number },
  ): void {
    const { streams, task } = this;
    this.router.answered(answerSeen(call ?? {}, times, { target, streams, task }));
  }
}
