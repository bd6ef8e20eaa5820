import { accepts, checkOptions, describeValue, type OptionCheck, suggestion } from '../lib/options.js';
import { TollgateError } from '../lib/tollgate-error.js';
import type { Unit } from '../lib/unit.js';
import { warnOnce } from '../lib/warning.js';
import type { Caller } from './caller.js';
import { declareLimit, declareRequests } from './declare-limit.js';
import type { Limit } from './limit.js';
import { criticalities, type DegradeStep, type Plan, type PlanDeclaration, type Plans } from './plan.js';
import { windowName } from './window.js';

/**
 * Reads and checks plans, once, at start. Throws a `TypeError` that names the plan and the field, for wrong values, unknown fields,
 * and two limits that would share a name or a counter.
 */
export function definePlans<Name extends string>(
  declarations: Readonly<Record<Name, PlanDeclaration>>,
): Plans<Name> {
  if (accepts.object(declarations) !== true || Object.keys(declarations).length === 0) {
    throw new TypeError(
      `definePlans: expected an object of plans by name, received ${describeValue(declarations)}`,
    );
  }
  const plans = Object.entries<PlanDeclaration>(declarations).map(
    ([name, plan]) => [name, definePlan(name, plan)] as const,
  );
  return Object.freeze(Object.assign(Object.create(null) as Record<Name, Plan>, Object.fromEntries(plans)));
}

/** The check of an option that takes plans: the result of {@link definePlans}. */
export const acceptsPlans: OptionCheck = (value) =>
  (accepts.object(value) === true &&
    Object.keys(value as object).length > 0 &&
    Object.values(value as object).every(isPlan)) ||
  'what definePlans returns';

function isPlan(value: unknown): boolean {
  if (accepts.object(value) !== true) return false;
  const { name, limits, requests, priority } = value as Partial<Plan>;
  return (
    Object.isFrozen(value) &&
    typeof name === 'string' &&
    Array.isArray(limits) &&
    Array.isArray(requests) &&
    typeof priority === 'number'
  );
}

/**
 * The caller's plan. Throws a TollgateError (403) where no such plan is defined, and warns once: an unknown tier must not lift the limits,
 * and the operator should learn of a misspelt name.
 */
export function planOf(plans: Plans, caller: Caller): Plan {
  const plan = Object.hasOwn(plans, caller.plan) ? plans[caller.plan] : undefined;
  if (plan) return plan;
  warnOnce(
    'TOLLGATE_W_UNKNOWN_PLAN',
    `a caller was refused: no plan is named ${describeValue(caller.plan)}${suggestion(caller.plan, Object.keys(plans))}; defined are ${Object.keys(plans).join(', ')}`,
  );
  throw new TollgateError({
    status: 403,
    code: 'insufficient_scope',
    message: 'The plan of this credential is not known here. Ask the operator of this service.',
  });
}

/** Whether a model is among the patterns: exact, or any ending after a `*` at the end. No patterns: every model. */
export function modelAllowed(patterns: readonly string[] | undefined, model: string): boolean {
  if (patterns === undefined) return true;
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : pattern === model,
  );
}

const limitFields: Readonly<Record<'tokens' | 'inputTokens' | 'outputTokens' | 'spend', Unit>> = {
  tokens: 'tokens',
  inputTokens: 'inputTokens',
  outputTokens: 'outputTokens',
  spend: 'usd',
};

function definePlan(name: string, declared: PlanDeclaration): Plan {
  if (accepts.string(name) !== true) {
    throw new TypeError(`definePlans: a plan must have a name, received ${describeValue(name)}`);
  }
  const where = `definePlans: plan ${JSON.stringify(name)}`;
  checkOptions<PlanDeclaration>(where, declared, {
    requests: accepts.anything,
    tokens: accepts.anything,
    inputTokens: accepts.anything,
    outputTokens: accepts.anything,
    spend: accepts.anything,
    concurrent: accepts.positiveInteger,
    models: accepts.someOf(accepts.string),
    maxOutputTokens: accepts.positiveInteger,
    priority: accepts.integerBetween(0, 100),
    criticality: accepts.oneOf(...criticalities),
    degrade: accepts.arrayOf(accepts.object),
  });
  const requests = several(`${where}: requests`, declared.requests).map((one) =>
    declareRequests(`${where}: requests`, one),
  );
  const limits = (Object.keys(limitFields) as (keyof typeof limitFields)[]).flatMap((field) =>
    several(`${where}: ${field}`, declared[field]).map((one) =>
      declareLimit(`${where}: ${field}`, limitFields[field], one),
    ),
  );
  if (declared.concurrent !== undefined) limits.push(concurrentLimit(declared.concurrent));
  refuseTwins(where, [...requests, ...limits]);
  refuseSharedCounters(where, limits);
  return Object.freeze({
    name,
    requests: Object.freeze(requests),
    limits: Object.freeze(limits),
    models: declared.models === undefined ? undefined : Object.freeze([...declared.models]),
    maxOutputTokens: declared.maxOutputTokens,
    priority: declared.priority ?? 0,
    criticality: declared.criticality ?? 'normal',
    degrade: degradeSteps(where, declared.degrade ?? [], declared.models),
  });
}

/** An empty list would be a plan without a limit, which is never the intention of a field that is present. */
function several<One>(where: string, value: One | readonly One[] | undefined): readonly One[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.length === 0) {
    throw new TypeError(`${where} must be at least one limit, received an empty array; absent: no limit`);
  }
  return Array.isArray(value) ? (value as readonly One[]) : [value as One];
}

function concurrentLimit(amount: number): Limit {
  const window = Object.freeze({ kind: 'live' as const });
  return Object.freeze({
    name: 'concurrent',
    unit: 'concurrent',
    amount,
    window,
    scope: Object.freeze(['key' as const]),
    soft: false,
  });
}

function refuseTwins(where: string, limits: readonly { readonly name: string }[]): void {
  const names = limits.map((limit) => limit.name);
  const twin = names.find((name, index) => names.indexOf(name) !== index);
  if (twin) throw new TypeError(`${where}: two limits are named "${twin}"; give one of them a "name"`);
}

function refuseSharedCounters(where: string, limits: readonly Limit[]): void {
  const seen = new Map<string, string>();
  for (const limit of limits) {
    const scope = limit.scope.map((part) => (typeof part === 'string' ? part : part.name)).join('+');
    const counter = `${limit.unit} ${windowName(limit.window)} ${scope}`;
    const twin = seen.get(counter);
    if (twin) throw new TypeError(`${where}: limits "${twin}" and "${limit.name}" would share one counter`);
    seen.set(counter, limit.name);
  }
}

function degradeSteps(
  where: string,
  declared: readonly DegradeStep[],
  models: readonly string[] | undefined,
): readonly DegradeStep[] {
  let last = 0;
  for (const [index, step] of declared.entries()) {
    const here = `${where}: degrade[${index}]`;
    const isLast = index === declared.length - 1;
    checkOptions<DegradeStep>(
      here,
      step,
      {
        at: (value) =>
          (typeof value === 'number' && value > 0 && value < 1) ||
          'a share above 0 and below 1, e.g. 0.8 for 80 %',
        model: modelMapCheck,
        maxOutputTokens: accepts.positiveInteger,
        cache: accepts.oneOf('first'),
        warn: isTrue,
        defer: isTrue,
        refuse: isTrue,
      },
      ['at'],
    );
    if (step.at >= 1 || step.at <= last) {
      throw new TypeError(`${here}: "at" must be above ${last} and below 1, received ${step.at}`);
    }
    const actions = Object.values(step).filter((value) => value !== undefined).length - 1;
    if (actions === 0) {
      throw new TypeError(
        `${here}: has no action; give "model", "maxOutputTokens", "cache", "warn", "defer" or "refuse"`,
      );
    }
    if (step.refuse && (actions > 1 || !isLast)) {
      throw new TypeError(`${here}: "refuse" stands alone, in the last step: nothing is admitted behind it`);
    }
    const stranger = Object.entries(step.model ?? {})
      .flat()
      .find((model) => !modelAllowed(models, model));
    if (stranger !== undefined) {
      throw new TypeError(
        `${here}: "model" names ${describeValue(stranger)}${suggestion(stranger, models ?? [])}, which is not among the plan's models`,
      );
    }
    if (step.defer && declared.findIndex(({ defer }) => defer) < index) {
      throw new TypeError(`${here}: an earlier step already defers what may wait`);
    }
    last = step.at;
  }
  return Object.freeze(declared.map((step) => Object.freeze({ ...step })));
}

function isTrue(value: unknown): true | string {
  return value === true || 'true';
}

function isModelName(value: unknown): boolean {
  return accepts.string(value) === true && !String(value).includes('*');
}

function modelMapCheck(value: unknown): true | string {
  const pairs = accepts.object(value) === true ? Object.entries(value as object) : [];
  const good =
    pairs.length > 0 && pairs.every(([from, to]) => isModelName(from) && isModelName(to) && from !== to);
  return good || 'an object of other model names by model name, such as { "gpt-5": "gpt-5-mini" }';
}
