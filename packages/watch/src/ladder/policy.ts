import { accepts, checkOptions } from '@tollgate/core';
import { type DetectorName, detectorNames, type Finding } from '../detectors/finding.js';
import type { SubjectKind } from '../features/subject.js';

/** What can be done about a finding, from the mildest to the hardest. */
export type Action =
  /** Written down and published; nobody notices. */
  | { readonly do: 'observe' }
  /** The app is told, by `watch.tagsOf(caller)`: it may ask for a captcha, or leave out what is dear. */
  | { readonly do: 'tag'; readonly forMs: number }
  /** Each request waits so long. */
  | { readonly do: 'slow'; readonly delayMs: number; readonly forMs: number }
  /** Calls go to another model, by the name that was asked for; models that are not named go on as they are. */
  | { readonly do: 'cheaper'; readonly models: Readonly<Record<string, string>>; readonly forMs: number }
  /** A network is refused before its credentials are looked at. In this process. */
  | { readonly do: 'block'; readonly forMs: number }
  /** Switched off in the store, for all processes: the key, user or tenant that the finding is about, or the one key that it is owed to. */
  | { readonly do: 'suspend'; readonly forMs: number; readonly cutsRunning: boolean };

export type ActionName = Action['do'];

/** When to do what. Of the rules that hold for a finding the last one counts. */
export interface PolicyRule {
  readonly detectors: readonly DetectorName[];
  /** Only of these kinds of subject. @defaultValue all */
  readonly subjects?: readonly SubjectKind[] | undefined;
  /** From this score on. */
  readonly minScore: number;
  readonly action: Action;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const customers: readonly SubjectKind[] = ['key', 'user', 'team', 'tenant'];
const suspend: Action = { do: 'suspend', forMs: 15 * minuteMs, cutsRunning: true };

/** What is done where an app gives no policy: told first, slowed down next, switched off for a quarter of an hour only when nothing about it is usual. */
export const defaultPolicy: readonly PolicyRule[] = Object.freeze([
  { detectors: [...detectorNames], minScore: 0, action: { do: 'observe' } },
  {
    detectors: detectorNames.filter((one) => one !== 'spend'),
    minScore: 4,
    action: { do: 'tag', forMs: hourMs },
  },
  { detectors: ['spend'], minScore: 5, action: { do: 'tag', forMs: hourMs } },
  {
    detectors: ['spend', 'agent-loop', 'scraping', 'quota-probing', 'prompt-probing'],
    subjects: customers,
    minScore: 6,
    action: { do: 'slow', delayMs: 2_000, forMs: 15 * minuteMs },
  },
  { detectors: ['spend', 'scraping'], subjects: customers, minScore: 8, action: suspend },
  { detectors: ['agent-loop'], subjects: customers, minScore: 6, action: suspend },
  {
    detectors: ['credential-stuffing'],
    subjects: ['network'],
    minScore: 8,
    action: { do: 'block', forMs: hourMs },
  },
]);

/** The rule for a finding; its own score, or one that counts more, as on probation. */
export function ruleFor(
  policy: readonly PolicyRule[],
  finding: Finding,
  score: number,
): PolicyRule | undefined {
  return policy.findLast(
    ({ detectors, subjects, minScore }) =>
      detectors.includes(finding.detector) &&
      (subjects?.includes(finding.subject.kind) ?? true) &&
      score >= minScore,
  );
}

const isDuration = accepts.integerBetween(1_000, 30 * 24 * hourMs);
const isScore = (value: unknown): true | string =>
  (typeof value === 'number' && value >= 0 && Number.isFinite(value)) || 'a number of 0 or more';

/** Throws a `TypeError` that names the rule and what is wrong with it. */
export function checkPolicy(policy: readonly PolicyRule[]): void {
  policy.forEach((rule, index) => {
    const where = `watch: rule ${index} of "policy"`;
    const kinds = ['global', 'tenant', 'team', 'user', 'key', 'model', 'feature', 'network'];
    checkOptions<PolicyRule>(
      where,
      rule,
      {
        detectors: accepts.arrayOf(accepts.oneOf(...detectorNames)),
        subjects: accepts.arrayOf(accepts.oneOf(...kinds)),
        minScore: isScore,
        action: accepts.object,
      },
      ['detectors', 'minScore', 'action'],
    );
    checkAction(`${where}: "action"`, rule.action);
  });
}

type EveryActionField = { do: ActionName } & Partial<
  Record<'forMs' | 'delayMs' | 'models' | 'cutsRunning', unknown>
>;

function checkAction(where: string, action: Action): void {
  const needed: Readonly<Record<ActionName, readonly (keyof EveryActionField)[]>> = {
    observe: [],
    tag: ['forMs'],
    slow: ['delayMs', 'forMs'],
    cheaper: ['models', 'forMs'],
    block: ['forMs'],
    suspend: ['forMs', 'cutsRunning'],
  };
  const names = Object.keys(needed);
  checkOptions<EveryActionField>(
    where,
    action,
    {
      do: accepts.oneOf(...names),
      forMs: isDuration,
      delayMs: accepts.integerBetween(1, 60_000),
      models: accepts.object,
      cutsRunning: accepts.boolean,
    },
    ['do', ...(needed[action.do as ActionName] ?? [])],
  );
}
