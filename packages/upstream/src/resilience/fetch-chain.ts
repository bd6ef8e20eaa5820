import type { AttemptChain, Call, TollgateError } from '@tollgate/core';

/** What all attempts of one call through `fetch` share: the one that was begun last. */
export interface SharedCall {
  last: Call | undefined;
}

/** One attempt's own view of its call. */
export class FetchChain implements AttemptChain {
  refusal: TollgateError | undefined;
  #own: Call | undefined;

  constructor(
    private readonly shared: SharedCall,
    readonly alternative: boolean,
    readonly requestedModel: string | undefined,
    readonly provider: string | undefined,
  ) {}

  get call(): Call | undefined {
    return this.shared.last;
  }

  set call(call: Call | undefined) {
    this.shared.last = call;
    this.#own = call;
  }

  /** Our own steps have refused the attempt before it was begun. */
  get isRefused(): boolean {
    return this.refusal !== undefined && !this.#own;
  }

  /** The attempt was begun, and stopped by its budget or a switch. */
  get isStopped(): boolean {
    return this.#own?.stopped !== undefined;
  }
}
