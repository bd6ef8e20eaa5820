import type { TollgateError } from '@tollgate/core';
import type { AttemptChain, SettledCall } from '@tollgate/core/internal';
import type { Target } from '../call/target.js';

/** The state that all attempts of one call through `fetch` share: the latest attempt. */
export interface SharedCall {
  last: SettledCall | undefined;
}

interface ChainedAttempt {
  readonly alternative: boolean;
  /** The model that was asked for, where it is another one. */
  readonly asked: string | undefined;
  readonly target: Target;
  /** The task that a router assigned to the call. */
  readonly task: string | undefined;
}

/** One attempt's own view of its call. */
export class FetchChain implements AttemptChain {
  refusal: TollgateError | undefined;
  #own: SettledCall | undefined;

  readonly alternative: boolean;
  readonly requestedModel: string | undefined;
  readonly provider: string | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;

  constructor(
    private readonly shared: SharedCall,
    { alternative, asked, target, task }: ChainedAttempt,
  ) {
    this.alternative = alternative;
    this.requestedModel = asked;
    this.provider = target.provider?.name;
    this.labels = task === undefined ? undefined : { task };
  }

  get call(): SettledCall | undefined {
    return this.shared.last;
  }

  set call(call: SettledCall | undefined) {
    this.shared.last = call;
    this.#own = call;
  }

  /** The call of its attempt, where it is metered. */
  get own(): SettledCall | undefined {
    return this.#own;
  }

  /** Our own steps have refused the attempt before it was begun. */
  get isRefused(): boolean {
    return this.refusal !== undefined && !this.#own;
  }

  /** A cached response: the provider was not called. */
  get isReplayed(): boolean {
    return this.#own?.replays === true;
  }

  /** The attempt was begun, and stopped by its budget or a switch. */
  get isStopped(): boolean {
    return this.#own?.stopped !== undefined;
  }
}
