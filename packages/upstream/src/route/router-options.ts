import { type Caller, parseUsd, type Usage } from '@tollgate/core';
import {
  accepts,
  checkOptions,
  describeValue,
  modelAllowed,
  type OptionCheck,
} from '@tollgate/core/internal';
import type { PromptFacts } from '../call/prompt-facts.js';
import type { Provider } from '../provider/provider.js';
import { isProvider, twiceNamed } from '../resilience/resilience-options.js';
import type { RouteSource } from './route-source.js';
import type { ServiceLevelOf } from './service-level.js';

/** A model that may be chosen. */
export interface RoutedModel {
  readonly provider: Provider;
  readonly model: string;
  /** How good its answers are, 0 to 1, by your own evaluation: one figure, or one for each task. A task without a figure: 0. */
  readonly quality: number | Readonly<Record<string, number>>;
}

/** The requirements of a task on the model. */
export interface RouteTask {
  /** Models that may answer it: names, `provider/model`, or patterns of either (`gpt-*`). @defaultValue all */
  models?: readonly string[];
  /** No model of less quality answers it, whatever else is the case. 0 to 1. @defaultValue 0 */
  quality?: number;
  /** Required 95th percentile of the time to the first token, in milliseconds; models that miss it come last. Positive integer. Default: none. */
  firstTokenMs?: number;
  /** The highest expected cost of a response, e.g. `'$0.002'`; more expensive models come last. Default: none. */
  maxCost?: string;
  /** How long its answers are, in tokens, until that is learnt. Positive integer. @defaultValue 400 */
  outputTokens?: number;
  /** The value of a second of waiting, e.g. `'$0.0005'`: faster models win by it. @defaultValue '$0' */
  secondWorth?: string;
  /** Splits its requests by weight among models that meet its targets: `{ 'gpt-5-mini': 3, 'gemini-2.5-flash': 1 }`. Default: the cheapest. */
  weights?: Readonly<Record<string, number>>;
  /** Sends a share of its requests, 0 to 1, to a model that is being tried out, where that meets quality and targets. */
  canary?: { readonly model: string; readonly share: number };
}

/** Options of {@link router}. */
export interface RouterOptions {
  /** All that may be chosen, at least one. */
  models: readonly RoutedModel[];
  /** The taxonomy: tasks by name, at least one; names are letters, digits, `.`, `_` and `-`. */
  tasks: Readonly<Record<string, RouteTask>>;
  /** Prices of usage: `pricing(priceCatalogue())` of `@tollgate/meter`. Models without a price are not chosen. */
  prices: (
    usage: Usage,
    of: { readonly provider: string; readonly model: string; readonly atMs: number },
  ) => { readonly costNanoUsd: number } | undefined;
  /** Model names that let the router choose, as patterns; other names keep their usual provider. @defaultValue ['auto'] */
  asks?: readonly string[];
  /** The task where none is given. @defaultValue the one of the highest quality */
  defaultTask?: string;
  /** Classifies a prompt of a caller; `undefined`, or a task that is not declared: the default. `false`: no classification. @defaultValue classifyPrompt */
  classify?: ((facts: PromptFacts, caller: Caller | undefined) => string | undefined) | false;
  /**
   * Targets by caller in place of the task's: `(caller) => (caller?.plan === 'gold' ? gold : undefined)`. Called for each routed request;
   * one that throws, or returns a wrong level, fails the request. Default: none.
   */
  serviceLevel?: ServiceLevelOf;
  /**
   * How many outcomes of `recordOutcome()` weigh as much as the declared quality of a model at a task. Positive integer. @defaultValue 50
   */
  qualityPrior?: number;
  /** The label that names the task. @defaultValue 'task' */
  label?: string;
  /** The request header that names the task, from callers with a scope; that of others is ignored. Default: none. */
  header?: { readonly name: string; readonly scope: string };
  /** Keeps a caller, or each of its conversations, at the model of its first request while that meets the task's targets, for an hour. */
  sticky?: 'caller' | 'conversation';
  /**
   * Read for prices and status every `sourceEveryMs`, from the start until `end()`, also without requests; while it fails, the last good result
   * stays.
   */
  source?: RouteSource;
  /** In milliseconds. Positive integer. @defaultValue 60_000 */
  sourceEveryMs?: number;
  /** In [0, 1). @defaultValue Math.random */
  random?: () => number;
  /** Clock, in ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

const quality: OptionCheck = (value) =>
  (typeof value === 'number' && value >= 0 && value <= 1) || 'a number from 0 to 1';
const usd: OptionCheck = (value) =>
  (typeof value === 'string' && parseUsd(value) !== undefined) || "dollars such as '$0.002'";
const weights: OptionCheck = (value) =>
  (accepts.object(value) === true &&
    Object.keys(Object(value)).length > 0 &&
    Object.values(Object(value)).every(
      (one) => typeof one === 'number' && one > 0 && Number.isFinite(one),
    )) ||
  'an object of positive numbers by model';
const orFalse =
  (check: OptionCheck): OptionCheck =>
  (value) =>
    value === false || check(value);

/** Throws a `TypeError` for a wrong or unknown option, and for a task that no model is good enough for. */
export function checkRouter(options: RouterOptions): void {
  checkOptions<RouterOptions>(
    'router',
    options,
    {
      models: accepts.someOf(accepts.object),
      tasks: accepts.object,
      prices: accepts.function,
      asks: accepts.someOf(accepts.string),
      defaultTask: accepts.oneOf(...Object.keys(Object(options?.tasks))),
      classify: orFalse(accepts.function),
      label: accepts.string,
      header: accepts.object,
      serviceLevel: accepts.function,
      qualityPrior: accepts.positiveInteger,
      sticky: accepts.oneOf('caller', 'conversation'),
      source: accepts.function,
      sourceEveryMs: accepts.positiveInteger,
      random: accepts.function,
      now: accepts.function,
    },
    ['models', 'tasks', 'prices'],
  );
  if (options.header) {
    const checks = { name: accepts.string, scope: accepts.string };
    checkOptions('router: header', options.header, checks, ['name', 'scope']);
  }
  options.models.forEach((model, index) => {
    const where = `router: models[${index}]`;
    checkOptions<RoutedModel>(
      where,
      model,
      { provider: isProvider, model: accepts.string, quality: qualityCheck(Object.keys(options.tasks)) },
      ['provider', 'model', 'quality'],
    );
    const { provider } = model;
    const twin = options.models.findIndex(
      (one) => one.provider.name === provider.name && one.model === model.model,
    );
    if (twin < index) throw new TypeError(`${where}: ${targetOf(model)} is there already`);
  });
  const twice = twiceNamed(options.models.map(({ provider }) => provider));
  if (twice !== undefined) {
    throw new TypeError(`router: "models" must be at providers of different names ("${twice}" names two)`);
  }
  const tasks = Object.entries(options.tasks);
  if (tasks.length === 0) throw new TypeError('router: "tasks" must declare at least one task');
  for (const [name, task] of tasks) checkTask(name, task, options.models);
}

const qualityCheck =
  (tasks: readonly string[]): OptionCheck =>
  (value) =>
    quality(value) === true ||
    (accepts.object(value) === true &&
      Object.keys(Object(value)).length > 0 &&
      Object.entries(Object(value)).every(([task, one]) => tasks.includes(task) && quality(one) === true)) ||
    `a number from 0 to 1, or an object of such numbers by task (${tasks.join(', ')})`;

function checkTask(name: string, task: RouteTask, models: readonly RoutedModel[]): void {
  const where = `router: task ${describeValue(name)}`;
  if (!/^[A-Za-z][\w.-]{0,63}$/.test(name)) {
    throw new TypeError(`${where}: a name is made of letters, digits, ".", "_" and "-"`);
  }
  checkOptions<RouteTask>(where, task, {
    models: accepts.someOf(accepts.string),
    quality,
    firstTokenMs: accepts.positiveInteger,
    maxCost: usd,
    outputTokens: accepts.positiveInteger,
    secondWorth: usd,
    weights,
    canary: accepts.object,
  });
  if (task.canary) {
    const checks = { model: accepts.string, share: quality };
    checkOptions(`${where}: canary`, task.canary, checks, ['model', 'share']);
  }
  const fit = models.filter((model) => isOf(task, model));
  const named = [...Object.keys(task.weights ?? {}), ...(task.canary ? [task.canary.model] : [])];
  const unknown = named.find((one) => !fit.some((model) => isNamed([one], model)));
  if (unknown !== undefined) {
    throw new TypeError(`${where}: ${describeValue(unknown)} is none of its models`);
  }
  if (!fit.some((model) => qualityOf(model, name) >= (task.quality ?? 0))) {
    throw new TypeError(`${where}: none of its models has quality ${task.quality ?? 0} or more`);
  }
}

/** `provider/model`. */
export const targetOf = ({ provider, model }: Pick<RoutedModel, 'provider' | 'model'>): string =>
  `${provider.name}/${model}`;

/** Whether one of these patterns names a model, alone or with its provider. */
export const isNamed = (patterns: readonly string[], model: RoutedModel): boolean =>
  modelAllowed(patterns, model.model) || modelAllowed(patterns, targetOf(model));

/** Whether a model may answer a task. */
export const isOf = ({ models }: RouteTask, model: RoutedModel): boolean =>
  models === undefined || isNamed(models, model);

/** How good a model is at a task. */
export const qualityOf = ({ quality }: RoutedModel, task: string): number =>
  typeof quality === 'number' ? quality : Object.hasOwn(quality, task) ? (quality[task] ?? 0) : 0;
