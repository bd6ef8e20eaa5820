import { isTollgateError } from '@tollgate/core';
import { chained, publish, runningContext, wasSent } from '@tollgate/core/internal';
import { retryWishes } from '../exchange/retry-after.js';
import { pause } from '../lib/pause.js';
import type { Wait } from '../pace/pacing.js';
import { timeoutsOf } from '../provider/timeouts.js';
import type { AttemptEnd } from '../resilience/attempt-end.js';
import type { CallPlan } from '../resilience/call-plan.js';
import type { Racer } from '../resilience/hedge-race.js';
import type { Transport } from '../resilience/make-call.js';
import type { Resilience } from '../resilience/resilience.js';
import type { Step } from '../resilience/step.js';
import { FetchAttempt } from './fetch-attempt.js';
import type { FetchCall } from './fetch-call.js';
import { FetchChain, type SharedCall } from './fetch-chain.js';
import { type FetchRequest, fetchRequest } from './fetch-request.js';
import type { FetchRouting } from './fetch-routing.js';
import { translatedResponse } from './translated-response.js';

/** An attempt that was answered, or was not. */
export type FetchOutcome = {
  readonly step: Step;
  readonly attempt: FetchAttempt;
  readonly chain: FetchChain;
  readonly racer: Racer | undefined;
  readonly firstByteMs: number | undefined;
  /** Earlier attempts, and this one; absent where there were none. */
  readonly route: string | undefined;
} & ({ response: Response } | { readonly error: unknown });

/** How long the body of an answer that is not wanted is read, so that its connection can serve the next one. */
const setAsideMs = 250;

/** Makes the attempts of one call through a `fetch`. */
export class FetchTransport implements Transport<FetchOutcome> {
  readonly #shared: SharedCall = { last: undefined };

  constructor(
    private readonly call: FetchCall,
    private readonly state: Resilience,
    private readonly plan: CallPlan,
    private readonly routing?: FetchRouting | undefined,
  ) {}

  async run(step: Step, racer?: Racer): Promise<FetchOutcome> {
    const { call } = this;
    const timeouts = timeoutsOf(step.target.provider?.timeouts, this.state.settings.timeouts);
    const totalMs = Math.max(1, Math.min(timeouts.totalMs, this.plan.leftMs));
    const attempt = new FetchAttempt({ ...timeouts, totalMs }, call.signal);
    racer?.onLost(() => attempt.abort());
    const { target, alternative } = step;
    const { routing } = this;
    const asked = target.substituted || routing ? call.model : undefined;
    const chain = new FetchChain(this.#shared, { alternative, asked, target, task: routing?.task });
    let request: FetchRequest;
    try {
      request = fetchRequest(call, step);
    } catch (error) {
      if (!isTollgateError(error)) throw error;
      attempt.end();
      chain.refusal = error;
      return { step, attempt, racer, chain, firstByteMs: undefined, route: undefined, error };
    }
    const { url, headers, body, answer } = request;
    try {
      const given = await call.base(
        url,
        chained({ ...call.init, method: 'POST', headers, body, signal: attempt.signal }, chain),
      );
      attempt.answered();
      if (!chain.isReplayed) {
        const headerOf = (name: string): string | null => given.headers.get(name);
        routing?.began(step, headerOf);
        this.plan.stated(step, given.status, headerOf);
      }
      const response = answer ? translatedResponse(given, answer()) : given;
      if (response.ok && racer?.claim() === false) attempt.abort();
      const { elapsedMs: firstByteMs } = attempt;
      const route = this.plan.notes.leadingTo(step, routing?.parameters);
      return { step, attempt, racer, chain, firstByteMs, route, response };
    } catch (error) {
      attempt.end();
      return { step, attempt, racer, chain, firstByteMs: undefined, route: undefined, error };
    }
  }

  endOf(outcome: FetchOutcome): AttemptEnd {
    const { attempt, step, chain, racer, firstByteMs } = outcome;
    const lost = attempt.signal.aborted && racer?.hasWon === false;
    const stopped = lost || chain.isStopped || chain.isReplayed || this.call.signal?.aborted === true;
    const response = 'response' in outcome ? outcome.response : undefined;
    const status = response?.status ?? 0;
    const failed = response && status >= 400;
    const { retryAfterMs, retryUseless } = retryWishes(
      status,
      failed ? Object.fromEntries(response.headers) : {},
    );
    return {
      status,
      sent: 'error' in outcome ? attempt.signal.aborted || wasSent(outcome.error) : !chain.isReplayed,
      ok: response !== undefined && status < 400 && !chain.isReplayed,
      visible: false,
      stopped,
      refused: chain.isRefused,
      credentialRefused: (status === 401 || status === 403) && step.target.provider !== undefined,
      retryAfterMs,
      firstByteMs,
      retryUseless,
    };
  }

  settle(outcome: FetchOutcome, last: boolean): void | Promise<void> {
    const { step, chain } = outcome;
    const status = 'response' in outcome ? outcome.response.status : 0;
    if (chain.isReplayed) return;
    publish('tollgate:upstream', () => ({
      requestId: runningContext()?.requestId,
      callId: this.#shared.last?.id,
      attemptId: this.#shared.last?.attemptId,
      attempt: this.#shared.last?.attempt,
      provider: step.target.name,
      api: this.call.api,
      model: step.target.model,
      stream: this.call.stream,
      reason: step.reason,
      status,
      refused: chain.isRefused,
      credential_refused: this.endOf(outcome).credentialRefused,
    }));
    if (last || !('response' in outcome)) return;
    return outcome.attempt.setAside(outcome.response, setAsideMs).then((response) => {
      outcome.response = response;
    });
  }

  readonly wait: Wait = (ms, sleeping) => pause(ms, [this.call.signal, runningContext()?.signal], sleeping);
}
