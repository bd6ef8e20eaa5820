import { isTollgateError, type TollgateError } from '@tollgate/core';
import {
  type CallHandle,
  isPromise,
  type OutgoingRequest,
  type SettledCall,
  whenReady,
} from '@tollgate/core/internal';
import { formatOf, routeOf } from '@tollgate/wire';
import { endsStream } from '@tollgate/wire/internal';
import type { Request } from 'express';
import type { ClientCall } from '../call/client-call.js';
import { type ProviderCall, sentTo, withCap } from '../call/provider-call.js';
import type { Target } from '../call/target.js';
import { traceHeaders } from '../call/trace-context.js';
import { withModel } from '../call/with-model.js';
import { attempt } from '../exchange/attempt.js';
import type { AnswerWriter, AttemptResult } from '../exchange/attempt-interface.js';
import { pause } from '../lib/pause.js';
import type { Wait } from '../pace/pacing.js';
import type { Provider } from '../provider/provider.js';
import { timeoutsOf } from '../provider/timeouts.js';
import type { AttemptEnd } from '../resilience/attempt-end.js';
import type { CallPlan } from '../resilience/call-plan.js';
import { lostError, type Racer } from '../resilience/hedge-race.js';
import type { Transport } from '../resilience/make-call.js';
import type { Step } from '../resilience/step.js';
import { answerSeen } from '../route/answer-seen.js';
import type { DispatchedCall } from '../route/routed-call.js';
import type { ClientAnswer } from './client-answer.js';
import type { ProxySettings } from './options.js';
import { publishAttempt } from './publish-attempt.js';
import { RacerAnswer } from './racer-answer.js';
import { replay } from './replay.js';

/** How long an answer that is complete waits for its charge. */
const maxSettleWaitMs = 100;

interface Begun {
  readonly step: Step;
  readonly racer: Racer | undefined;
  readonly handle: CallHandle;
  readonly result: AttemptResult;
  /** Absent: it is settled. */
  settled: Promise<void> | undefined;
}

/** An attempt that was begun, or refused before. */
export type ProxyOutcome = Begun | { readonly refusal: TollgateError; readonly alternative: boolean };

/** Makes the attempts of one request's call, and streams the answer to its client. */
export class ProxyTransport implements Transport<ProxyOutcome> {
  #previous: SettledCall | undefined;

  constructor(
    private readonly req: Request,
    private readonly answer: ClientAnswer,
    private readonly settings: ProxySettings,
    private readonly asked: ClientCall,
    private readonly plan: CallPlan,
    private readonly dispatched?: DispatchedCall | undefined,
  ) {}

  async run(step: Step, racer?: Racer): Promise<ProxyOutcome> {
    const { req, settings, asked } = this;
    const { target, alternative } = step;
    const route = this.dispatched?.route;
    const provider = target.provider as Provider;
    const { whenClientGone, drainMs } = settings;
    let sent: ProviderCall;
    let headers: Record<string, string>;
    let handle: CallHandle;
    try {
      sent = this.#sentTo(provider, target);
      headers = provider.headersOf(sent, req.headers);
      const outgoing: OutgoingRequest = {
        method: 'POST',
        url: provider.urlOf(sent),
        headers,
        body: sent.body,
        provider: provider.name,
        api: sent.api,
        requestedModel: target.substituted || route ? (asked.requestedModel ?? asked.model) : undefined,
        labels: route && { task: route.task },
        abort: provider.abort,
      };
      const begun = req.tollgate.calls.begin(outgoing, {
        previous: this.#previous,
        whenClientGone,
        drainMs,
        alternative,
      });
      handle = isPromise(begun) ? await begun : begun;
    } catch (refusal) {
      if (!isTollgateError(refusal)) throw refusal;
      return { refusal, alternative };
    }
    this.#previous = handle.call;
    const { call } = handle;
    let answer: AnswerWriter = this.answer;
    if (racer) {
      answer = new RacerAnswer(this.answer, racer, () => this.#sayRoute(step, call));
      racer.onLost(() => call.stop(lostError()));
    } else this.#sayRoute(step, call);
    const result = await this.#exchange(handle, step, { provider, headers, sent, answer });
    if (!call.replays) {
      publishAttempt(req.tollgate, result, {
        provider: provider.name,
        api: sent.api,
        call,
        reason: step.reason,
      });
    }
    return { step, racer, handle, result, settled: undefined };
  }

  /** The call in this provider's format; a call that was priced earlier is sent as it was priced. */
  #sentTo(provider: Provider, { substituted, model }: Target): ProviderCall {
    const { dispatched, asked, req } = this;
    const sent =
      !substituted && provider === dispatched?.provider
        ? dispatched.sent
        : sentTo(provider, substituted ? withModel(asked, model) : asked);
    return sent.answer && !req.tollgate.calls.has('meter') ? withCap(sent) : sent;
  }

  endOf(outcome: ProxyOutcome): AttemptEnd {
    if ('refusal' in outcome) return refusedEnd;
    const { error, outcome: how, status, sent, stopped, credentialRefused, retryAfterMs } = outcome.result;
    // A replayed response shows nothing about the provider.
    const replayed = outcome.handle.call.replays === true;
    return {
      status,
      sent,
      ok: how === 'ok' && !replayed,
      visible: (this.answer.begun && outcome.racer?.hasWon !== false) || this.answer.gone,
      stopped: stopped || replayed || (error === undefined && status >= 400),
      refused: false,
      credentialRefused,
      retryAfterMs,
      firstByteMs: outcome.result.firstByteMs,
      retryUseless: outcome.result.retryUseless,
    };
  }

  settle(made: ProxyOutcome, last: boolean): void | Promise<void> {
    if ('refusal' in made) return;
    const { outcome, status, sent, error } = made.result;
    const settling = made.handle.end({ outcome, status, sent, last });
    void whenReady(settling, () => this.#learn(made));
    if (!settling) return;
    made.settled = settling;
    // So that the answer can state its cost, and the client's next request meets counters that are right.
    if (last && this.answer.isKept && !error) return atMost(maxSettleWaitMs, settling);
  }

  /** Passes the response's measurements to the router, once its usage is known. */
  #learn({ step: { target }, handle: { call }, result }: Begun): void {
    const { settings, dispatched, asked } = this;
    const route = dispatched?.route;
    if (!settings.router || !route || result.outcome !== 'ok' || call.replays) return;
    const seen = answerSeen(call, result, { target, streams: asked.stream, task: route.task });
    settings.router.answered(seen, this.req.tollgate.requestId);
  }

  readonly wait: Wait = (ms, sleeping) => pause(ms, [this.req.tollgate.signal], sleeping);

  /** Reports the route to this attempt in a header, where it is not the requested one. */
  #sayRoute(step: Step, { parsed }: SettledCall): void {
    const { res } = this.req;
    const taken = this.dispatched?.route;
    const route = this.plan.notes.leadingTo(step, taken?.parameters);
    if (route === undefined || !res || res.headersSent) return;
    res.setHeader('x-tollgate-route', route);
    const { substituted } = step.target;
    // The budget may have taken a cheaper one than was chosen.
    const model = parsed?.model ?? step.target.model;
    if (model !== undefined && (substituted || taken)) res.setHeader('x-tollgate-model', model);
    if (substituted) res.setHeader('x-tollgate-degraded', 'fallback');
  }

  /** Makes the attempt; with any error before it, the handle still gets its end. */
  async #exchange(
    handle: CallHandle,
    step: Step,
    { provider, headers, sent, answer }: Sending,
  ): Promise<AttemptResult> {
    const { call } = handle;
    const { settings, asked } = this;
    const translation = sent.answer?.();
    const timeouts = timeoutsOf(provider.timeouts, settings.timeouts);
    try {
      if (call.replays && call.cached) return replay(call.cached, answer, translation);
      const { origin, path } = provider.targetOf({ ...sent, model: wireModel(call, sent) });
      return await attempt(
        {
          onStop: (listener) => handle.onStop(listener),
          onResponse: (status, given) => {
            handle.onResponse(status, given);
            const headerOf = (name: string): string | undefined => given[name];
            settings.router?.began(provider, step.target.model, headerOf);
            this.plan.stated(step, status, headerOf);
            translation?.begin(status, given['content-type']);
          },
          // Measured in the provider's format, then translated: so is the polite end of a stream that was stopped.
          onChunk: translation
            ? (chunk) => translation.push(handle.onChunk(chunk))
            : (chunk) => handle.onChunk(chunk),
          onEnd: () => (translation ? translation.end(handle.onEnd()) : handle.onEnd()),
          stopped: () => call.stopped,
        },
        {
          dispatcher: provider.dispatcher(),
          origin,
          path,
          method: 'POST',
          headers: { ...provider.signed(headers, step.key), ...traceHeaders(settings.traceContext) },
          body: handle.body,
        },
        answer,
        {
          timeouts: { ...timeouts, totalMs: Math.max(1, Math.min(timeouts.totalMs, this.plan.leftMs)) },
          drains: handle.drains,
          maxResponseBytes: settings.maxResponseBytes,
          isComplete: (last) =>
            asked.stream && (translation?.complete ?? endsStream(formatOf(asked.api), last)),
          isBrokenOff: () => asked.stream && (call.answer === 'cut' || translation?.complete === false),
          inParts: asked.stream && !translation,
          nowMs: () => performance.now(),
        },
      );
    } catch (error) {
      this.plan.cancelled(step);
      await handle.end({ outcome: 'error', status: 0, sent: false, last: true });
      throw error;
    }
  }
}

/** The request of an attempt, and the destination of its response. */
interface Sending {
  readonly provider: Provider;
  readonly headers: Record<string, string>;
  readonly sent: ProviderCall;
  readonly answer: AnswerWriter;
}

const refusedEnd: AttemptEnd = {
  status: 0,
  sent: false,
  ok: false,
  visible: false,
  stopped: false,
  refused: true,
  credentialRefused: false,
  retryAfterMs: undefined,
  firstByteMs: undefined,
  retryUseless: false,
};

/** The steps may have chosen another model; where the model is part of the path, its name on the wire is the path's. */
function wireModel({ parsed }: SettledCall, asked: ClientCall): string | undefined {
  if (!parsed) return asked.model;
  return routeOf(parsed.url, 'POST', { isProxied: true })?.model ?? parsed.model;
}

/** Resolves with the promise, or after that long. */
function atMost(ms: number, promise: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
