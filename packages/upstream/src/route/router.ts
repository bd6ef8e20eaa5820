import { isTollgateError, type Usage } from '@tollgate/core';
import { describeValue, type JsonObject, modelAllowed, noUsage, publish } from '@tollgate/core/internal';
import { type PromptFacts, promptFacts } from '../call/prompt-facts.js';
import { callSize, type SizeFacts } from '../pace/call-size.js';
import type { HeaderOf } from '../pace/stated-limits.js';
import type { Provider } from '../provider/provider.js';
import type { AnswerSeen } from './answer-seen.js';
import { decideRoute } from './decide-route.js';
import { fitsIn, type Headroom, headroomOf } from './headroom.js';
import { LearnedQuality } from './learned-quality.js';
import { noRouteError } from './no-route.js';
import type { RouteCandidate, RouteDecision, RouteInputs } from './route-inputs.js';
import { PolledFacts, type PolledPrice } from './route-source.js';
import { checkRouter, type RoutedModel, type RouterOptions, targetOf } from './router-options.js';
import { withLevel } from './service-level.js';
import { drawOf, placeOf, StickyPlaces } from './sticky-places.js';
import { TargetRecord } from './target-record.js';
import { type TaskFacts, taskFacts } from './task-facts.js';
import { type TaskAsk, taskOf } from './task-of.js';

/** A request that a model is to be chosen for. */
export interface RouteAsk extends TaskAsk {
  readonly body: JsonObject;
  /** Whether a provider takes the format of the request. */
  readonly takes: (provider: Provider) => boolean;
  /** Whether the breaker of a model at a provider is open now. */
  readonly isOpen: (provider: Provider, model: string) => boolean;
  /** Whether it has room for a call of this size, where calls are paced. */
  readonly hasRoom?:
    | ((provider: Provider, model: string, size: SizeFacts) => boolean | undefined)
    | undefined;
}

/** The decision for a request, and its inputs. */
export interface Routed {
  readonly inputs: RouteInputs;
  readonly decision: RouteDecision;
  /** The best first. */
  readonly ranked: readonly RoutedModel[];
}

/** The facts about one model. */
interface Known {
  readonly model: RoutedModel;
  readonly record: TargetRecord;
  headroom: Headroom | undefined;
}

/** Characters of a token, roughly, in English; only the order of prices depends on it. */
const charactersPerToken = 4;
/** The share of the latest response in the expected length of a task's responses. */
const latestShare = 0.05;

/** Chooses models by task. Made by {@link router}. */
export class Router {
  readonly providers: readonly Provider[];
  readonly asks: readonly string[];
  readonly #options: RouterOptions;
  readonly #known: ReadonlyMap<string, Known>;
  readonly #polled: PolledFacts;
  readonly #learned: LearnedQuality;
  readonly #places = new StickyPlaces();
  readonly #tasks: ReadonlyMap<string, TaskFacts>;
  readonly #defaultTask: string;
  readonly #now: () => number;

  constructor(options: RouterOptions) {
    checkRouter(options);
    const { models, tasks, asks = ['auto'], now = Date.now, source, sourceEveryMs = 60_000 } = options;
    this.#options = options;
    this.asks = asks;
    this.providers = [...new Set(models.map(({ provider }) => provider))];
    this.#known = new Map(
      models.map((model) => [targetOf(model), { model, record: new TargetRecord(), headroom: undefined }]),
    );
    this.#tasks = new Map(Object.entries(tasks).map(([name, task]) => [name, taskFacts(name, task, models)]));
    this.#now = now;
    this.#polled = new PolledFacts(source, sourceEveryMs, now);
    this.#polled.begin();
    this.#learned = new LearnedQuality(options.qualityPrior ?? 50);
    const floorOf = (name: string): number => tasks[name]?.quality ?? 0;
    this.#defaultTask =
      options.defaultTask ??
      Object.keys(tasks).reduce((best, one) => (floorOf(one) > floorOf(best) ? one : best));
  }

  /** Whether a task is declared. */
  hasTask(name: string): boolean {
    return this.#tasks.has(name);
  }

  /** Whether the router chooses in place of this name. */
  takes(model: string | undefined): boolean {
    return model !== undefined && modelAllowed(this.asks, model);
  }

  /** Reads the source now; `false` where that fails, and the last facts stay. Need not be awaited. */
  refresh(): Promise<boolean> {
    return this.#polled.refresh();
  }

  /** Stops reading the source. */
  end(): void {
    this.#polled.end();
  }

  /**
   * Reports how good the answer to a request was, once, 0 (useless) to 1: thumbs of users, a check of the code that was written. The quality of
   * its model at its task moves with it, above and below the floors of tasks. In this process. `false` where the request is none of the last
   * 10 000 that were routed here. Throws a `TypeError` for another score.
   */
  recordOutcome(requestId: string, score: number): boolean {
    if (typeof score !== 'number' || !(score >= 0 && score <= 1)) {
      throw new TypeError(
        `router: recordOutcome: "score" must be a number from 0 to 1, received ${describeValue(score)}`,
      );
    }
    return this.#learned.add(requestId, score, this.#now());
  }

  /**
   * Decides the target of a request, and publishes `tollgate:route`: the inputs and the decision. Throws `model_not_allowed` (403),
   * `model_not_priced` (400) or `not_found` (404) where no model may, or can, serve it.
   */
  decide(ask: RouteAsk): Routed {
    let read: PromptFacts | undefined;
    const facts = (): PromptFacts => {
      read ??= promptFacts(ask.body);
      return read;
    };
    const named = taskOf(ask, facts, this.#options, this.#defaultTask);
    const who = this.#whoSticks(ask, named.task, facts);
    const inputs = this.#inputsOf(ask, named, facts(), who);
    const decision = decideRoute(inputs);
    const [first] = decision.ranked;
    const { requestId, caller } = ask.context ?? {};
    publish('tollgate:route', () => ({ requestId, tenant: caller?.tenant, inputs, decision }));
    if (first === undefined) throw noRouteError(named.task, decision);
    if (requestId !== undefined) this.#learned.served(requestId, { task: named.task, target: first });
    if (who !== undefined && decision.why !== 'canary') this.#places.sent(who, first, this.#now());
    return {
      inputs,
      decision,
      ranked: decision.ranked.flatMap((target) => this.#known.get(target)?.model ?? []),
    };
  }

  /** A response has begun: reads its headers' statement of rate limits. */
  began(provider: Provider, model: string | undefined, headerOf: HeaderOf): void {
    const known = this.#known.get(`${provider.name}/${model}`);
    if (known) known.headroom = headroomOf(headerOf, this.#now()) ?? known.headroom;
  }

  /** A request was answered: how fast, how long its answer was, and by which model. */
  answered(seen: AnswerSeen, requestId?: string): void {
    if (requestId !== undefined) {
      this.#learned.served(requestId, { task: seen.task, target: `${seen.provider}/${seen.model}` });
    }
    this.#known.get(`${seen.provider}/${seen.model}`)?.record.add(seen, this.#now());
    const task = this.#tasks.get(seen.task);
    if (!task || !(seen.outputTokens > 0)) return;
    task.outputTokens += (seen.outputTokens - task.outputTokens) * latestShare;
  }

  #inputsOf(
    ask: RouteAsk,
    { task, taskBy }: Pick<RouteInputs, 'task' | 'taskBy'>,
    prompt: PromptFacts,
    who: string | undefined,
  ): RouteInputs {
    const { random = Math.random } = this.#options;
    const facts = this.#tasks.get(task) as TaskFacts;
    const nowMs = this.#now();
    const inputTokens = Math.ceil(prompt.characters / charactersPerToken);
    const cap = prompt.maxOutputTokens ?? Number.POSITIVE_INFINITY;
    const outputTokens = Math.ceil(Math.min(facts.outputTokens, cap));
    const sized: SizeFacts = { ...prompt, maxOutputTokens: outputTokens };
    const expected: Usage = { ...noUsage, inputTokens, outputTokens };
    const polled = this.#polled.now();
    const candidates = facts.models.map(({ model, target, quality: declared, weight }): RouteCandidate => {
      const { provider } = model;
      const { record, headroom } = this.#known.get(target) as Known;
      const status = own(polled.status, target) ?? own(polled.status, provider.name) ?? 'up';
      return {
        target,
        quality: this.#learned.of({ task, target }, declared, nowMs),
        allowed: ask.context?.calls.allows(model.model, provider.name) ?? true,
        takes: ask.takes(provider),
        costNanoUsd: this.#costOf(model, expected, own(polled.prices, target), nowMs),
        firstTokenP50Ms: rounded(record.firstTokenP50Ms(nowMs)),
        firstTokenP95Ms: rounded(record.firstTokenP95Ms(nowMs)),
        tokensPerSecond: rounded(record.tokensPerSecond(nowMs)),
        health: ask.isOpen(provider, model.model) ? 'down' : status,
        hasRoom: ask.hasRoom?.(provider, model.model, sized) ?? fitsIn(headroom, callSize(sized), nowMs),
        weight,
      };
    });
    // Written out: adding fields to a spread object costs a microsecond each.
    const { canary } = facts;
    const level = this.#options.serviceLevel?.(ask.context?.caller, task);
    const { quality, firstTokenMs, maxCostNanoUsd, nanoUsdPerSecond } = withLevel(facts, level);
    return {
      task,
      taskBy,
      quality,
      firstTokenMs,
      maxCostNanoUsd,
      inputTokens,
      outputTokens,
      nanoUsdPerSecond,
      candidates,
      canary,
      stuckTo: who === undefined ? null : this.#places.of(who, nowMs),
      draw: who === undefined ? random() : drawOf(who),
    };
  }

  #costOf(
    { provider, model }: RoutedModel,
    expected: Usage,
    polled: PolledPrice | undefined,
    atMs: number,
  ): number | null {
    if (polled) {
      const { inputUsdPerMillion, outputUsdPerMillion } = polled;
      const { inputTokens, outputTokens } = expected;
      return Math.ceil((inputUsdPerMillion * inputTokens + outputUsdPerMillion * outputTokens) * 1_000);
    }
    try {
      return this.#options.prices(expected, { provider: provider.name, model, atMs })?.costNanoUsd ?? null;
    } catch (error) {
      if (!isTollgateError(error)) throw error;
      return null;
    }
  }

  /** By whom a request sticks, if it does: never across tenants, callers or tasks. */
  #whoSticks({ context }: RouteAsk, task: string, facts: () => PromptFacts): string | undefined {
    const { sticky } = this.#options;
    const caller = context?.caller;
    if (!sticky || !caller) return undefined;
    return placeOf([caller.tenant, caller.id, task, ...(sticky === 'conversation' ? [facts().opening] : [])]);
  }
}

/**
 * Chooses a model for each request by its task: a declared taxonomy of tasks, each with its models, quality floor and targets; of the
 * allowed models the cheapest, by price × expected tokens, that is up, fast enough and has room. For `proxy({ route })`. Throws a
 * `TypeError` for a wrong or unknown option.
 */
export function router(options: RouterOptions): Router {
  return new Router(options);
}

const rounded = (value: number | undefined): number | null =>
  value === undefined ? null : Math.round(value * 100) / 100;

const own = <Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;
