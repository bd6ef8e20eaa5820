import { accepts, checkOptions, type OptionCheck } from '@tollgate/core/internal';
import { mostBitsEver } from '../challenge/challenge.js';
import { type AnyDetectorName, detectorNames, type Finding } from '../detectors/finding.js';
import { type SubjectKind, subjectKinds } from '../features/subject.js';

/** The possible actions on a finding, from the mildest to the hardest. */
export type Action =
  /** Recorded and published; without effect on requests. */
  | { readonly do: 'observe' }
  /** The app reads it with `watch.tagsOf(caller)`: it may require a captcha, or leave out expensive steps. */
  | { readonly do: 'tag'; readonly forMs: number }
  /**
   * At most `times` the requests of the usual busiest minute and hour, by this process's count: usual requests pass, the rest is refused with
   * 429. To a subject whose usual requests are not known yet, the rule does not apply: an earlier one that matches does.
   */
  | { readonly do: 'limit'; readonly times: number; readonly forMs: number }
  /** Each request waits so long. */
  | { readonly do: 'slow'; readonly delayMs: number; readonly forMs: number }
  /**
   * Each request is refused until its client has solved a challenge, which is harder the higher the score: `leastBits` + 1.5 × score zero bits
   * of a SHA-256, at most `mostBits`; one bit more is twice the work.
   */
  | {
      readonly do: 'challenge';
      readonly forMs: number;
      /** Of score 0, 1 to 24. @defaultValue 8 */
      readonly leastBits?: number;
      /** Of any score, 1 to 24. @defaultValue 22 */
      readonly mostBits?: number;
    }
  /**
   * The caller's limits are multiplied by `factor`, above 0 and below 1: those of windows up to `windowsUpToMs`, by default an hour, and of
   * requests in flight. Longer windows stay, see `LimitReduction` of `@tollgate/core`. Of all callers, for a finding about all together by a
   * rule whose `subjects` contain `'global'`; outside the blast radius, since such a rule means all.
   */
  | {
      readonly do: 'tighten';
      readonly factor: number;
      readonly forMs: number;
      readonly windowsUpToMs?: number;
    }
  /** Calls go to another model, by the name that was asked for; models that are not named go on as they are. */
  | { readonly do: 'cheaper'; readonly models: Readonly<Record<string, string>>; readonly forMs: number }
  /** A network is refused before its credentials are checked. In this process. */
  | { readonly do: 'block'; readonly forMs: number }
  /**
   * A key gets a new secret, which `watch({ rotation })` hands to its owner; the one before it is refused after `overlapMs`, 0 (at once) to
   * 30 days. It is not rotated again before ten minutes more have passed. Findings that no one key can be held to change nothing.
   */
  | { readonly do: 'rotate'; readonly overlapMs: number }
  /**
   * Switched off in the store, for all processes: the key, user, team, tenant or model that the finding is about, everything where it is about
   * all together, or the one key that it is owed to. With `asks`, a person is asked first: it is reported as withheld, once a day while findings
   * continue, and happens on `watch.confirm(id)`; until then the rules without `asks` apply.
   */
  | {
      readonly do: 'suspend';
      readonly forMs: number;
      readonly cutsRunning: boolean;
      /** @defaultValue false */
      readonly asks?: boolean;
    };

export type ActionName = Action['do'];

/** A rule of the policy. Of the rules that match a finding, and whose action can affect its subject, the last one applies. */
export interface PolicyRule {
  readonly detectors: readonly AnyDetectorName[];
  /** Only of these kinds of subject. @defaultValue all */
  readonly subjects?: readonly SubjectKind[] | undefined;
  /** From this score on. */
  readonly minScore: number;
  readonly action: Action;
}

const minuteMs = 60_000;
/** How long networks and refusals of a key are remembered, in ms. */
const seenMs = 10 * minuteMs;
/** An observation is recorded again after this time, in ms. */
const observedMs = 10 * minuteMs;
const hourMs = 60 * minuteMs;
const customers: readonly SubjectKind[] = ['key', 'user', 'team', 'tenant'];
const suspend: Action = { do: 'suspend', forMs: 15 * minuteMs, cutsRunning: true };

/** What a limit to the usual does not end is a person's decision. */
const askToSuspend: Action = { do: 'suspend', forMs: 24 * hourMs, cutsRunning: true, asks: true };
const slow: Action = { do: 'slow', delayMs: 2_000, forMs: 15 * minuteMs };
const limit: Action = { do: 'limit', times: 1.5, forMs: 48 * hourMs };

/**
 * The actions where an app gives no policy: tag first, then slow down or limit to the usual, and suspend for a quarter of an hour only on very
 * strong findings about what costs at least `minUsd` an hour. Whether a slow rise beyond that ends in a suspension, a person decides.
 */
export const defaultPolicy: readonly PolicyRule[] = Object.freeze([
  { detectors: [...detectorNames], minScore: 0, action: { do: 'observe' } },
  {
    detectors: detectorNames.filter((one) => one !== 'spend'),
    minScore: 4,
    action: { do: 'tag', forMs: hourMs },
  },
  { detectors: ['spend'], minScore: 5, action: { do: 'tag', forMs: hourMs } },
  {
    detectors: ['agent-loop', 'scraping', 'quota-probing', 'prompt-probing'],
    subjects: customers,
    minScore: 6,
    action: slow,
  },
  { detectors: ['agent-loop'], subjects: customers, minScore: 6, action: { ...limit, forMs: 6 * hourMs } },
  { detectors: ['spend'], subjects: customers, minScore: 7, action: slow },
  {
    detectors: ['slow-rise', 'new-network', 'key-sharing'],
    subjects: customers,
    minScore: 6,
    action: limit,
  },
  { detectors: ['cost'], subjects: ['key'], minScore: 9, action: limit },
  { detectors: ['spend', 'scraping'], subjects: customers, minScore: 8, action: suspend },
  { detectors: ['agent-loop'], subjects: customers, minScore: 6, action: suspend },
  { detectors: ['slow-rise'], subjects: customers, minScore: 9, action: askToSuspend },
  { detectors: ['cost'], subjects: ['key'], minScore: 11, action: askToSuspend },
  {
    detectors: ['credential-stuffing'],
    subjects: ['network'],
    minScore: 8,
    action: { do: 'block', forMs: hourMs },
  },
]);

/** Whether an action waits for a person. */
export const isAsked = (action: Action): boolean => action.do === 'suspend' && action.asks === true;

/** The default policy; the app's own detectors have the rules of `scraping`. */
export function defaultPolicyWith(custom: readonly string[]): readonly PolicyRule[] {
  if (custom.length === 0) return defaultPolicy;
  return defaultPolicy.map((rule) =>
    rule.detectors.includes('scraping') ? { ...rule, detectors: [...rule.detectors, ...custom] } : rule,
  );
}

/**
 * The rule for a finding, whose score is multiplied for a rule of this action: by more on probation. Behaviour that costs less than `minUsd` an
 * hour is not suspended; a subject whose usual requests are not known is not limited.
 */
export function ruleFor(
  policy: readonly PolicyRule[],
  finding: Finding,
  times: (action: ActionName) => number,
  minUsd = 0,
  isUsualKnown = true,
): PolicyRule | undefined {
  const isCheap = finding.usdPerHour !== undefined && finding.usdPerHour < minUsd;
  return policy.findLast(
    ({ detectors, subjects, minScore, action }) =>
      detectors.includes(finding.detector) &&
      !(isCheap && action.do === 'suspend') &&
      (isUsualKnown || action.do !== 'limit') &&
      (subjects ?? affects[action.do] ?? subjectKinds).includes(finding.subject.kind) &&
      finding.score * times(action.do) >= minScore,
  );
}

/** How long an action lasts; of a rotation, until nothing that came with the outgoing secret is within the detectors' windows any more. */
export function lengthOf(action: Action): number {
  if (action.do === 'observe') return observedMs;
  return action.do === 'rotate' ? action.overlapMs + seenMs : action.forMs;
}

const isDuration = accepts.integerBetween(1_000, 30 * 24 * hourMs);
/** The highest score that a rule may ask for. 5.5 is the least of a spend anomaly and each doubling adds 1.5, so that this is 2^30 times as much. */
const mostScore = 50;
const isScore = (value: unknown): true | string =>
  (typeof value === 'number' && value >= 0 && value <= mostScore) ||
  `a number from 0 to ${mostScore}, as scores are`;

/** Of a feature, the one key that its finding is owed to. */
const owed: readonly SubjectKind[] = [...customers, 'feature'];

/** Kinds of subjects whose findings an action can follow, where not all. */
const affects: { readonly [Name in ActionName]?: readonly SubjectKind[] } = {
  slow: customers,
  limit: customers,
  challenge: owed,
  tighten: owed,
  cheaper: customers,
  rotate: owed,
  block: ['network'],
  suspend: [...owed, 'model', 'global'],
};

/** A rule that can never act would replace earlier ones that can: the last match applies. */
function checkReach(where: string, { detectors, subjects, action }: PolicyRule): void {
  const can = action.do === 'tighten' ? [...owed, 'global'] : affects[action.do];
  if (can && subjects && !subjects.some((kind) => can.includes(kind))) {
    throw new TypeError(
      `${where}: "${action.do}" has no effect on ${subjects.join(', ')}; it acts on ${can.join(', ')}`,
    );
  }
  const ofNetworks = detectors.every((one) => one === 'credential-stuffing');
  if (ofNetworks && subjects && !subjects.some((kind) => kind === 'network' || kind === 'global')) {
    throw new TypeError(
      `${where}: "credential-stuffing" is found for networks and for all callers together, never for ${subjects.join(', ')}`,
    );
  }
}

/** Throws a `TypeError` that names the rule and its problem. `custom`: the names of the app's detectors. */
export function checkPolicy(policy: readonly PolicyRule[], custom: readonly string[] = []): void {
  policy.forEach((rule, index) => {
    const where = `watch: rule ${index} of "policy"`;
    checkOptions<PolicyRule>(
      where,
      rule,
      {
        detectors: accepts.someOf(accepts.oneOf(...detectorNames, ...custom)),
        subjects: accepts.someOf(accepts.oneOf(...subjectKinds)),
        minScore: isScore,
        action: accepts.object,
      },
      ['detectors', 'minScore', 'action'],
    );
    checkAction(`${where}: "action"`, rule.action);
    checkReach(where, rule);
  });
}

const isFactor = (value: unknown): true | string =>
  (typeof value === 'number' && value > 0 && value < 1) || 'a number above 0 and below 1';
const isBits = accepts.integerBetween(1, mostBitsEver);

type EveryActionField = { do: ActionName } & Partial<Record<Field, unknown>>;
type Field =
  | ('forMs' | 'times' | 'delayMs' | 'models' | 'cutsRunning' | 'factor' | 'windowsUpToMs')
  | ('leastBits' | 'mostBits' | 'overlapMs' | 'asks');

const fieldChecks: Readonly<Record<Field, OptionCheck>> = {
  forMs: isDuration,
  times: (value) =>
    (typeof value === 'number' && value >= 1 && value <= 100) ||
    'a number from 1 to 100: times the usual requests',
  delayMs: accepts.integerBetween(1, 60_000),
  models: (value) =>
    (accepts.object(value) === true &&
      Object.keys(value as object).length > 0 &&
      Object.entries(value as object).every((pair) => pair.every((one) => accepts.string(one) === true))) ||
    'an object of model names by model name, such as { "gpt-5": "gpt-5-mini" }',
  cutsRunning: accepts.boolean,
  asks: accepts.boolean,
  factor: isFactor,
  windowsUpToMs: accepts.integerBetween(0, 31 * 24 * hourMs),
  leastBits: isBits,
  mostBits: isBits,
  overlapMs: accepts.integerBetween(0, 30 * 24 * hourMs),
};

const needed: Readonly<Record<ActionName, readonly Field[]>> = {
  observe: [],
  tag: ['forMs'],
  limit: ['times', 'forMs'],
  slow: ['delayMs', 'forMs'],
  challenge: ['forMs'],
  tighten: ['factor', 'forMs'],
  cheaper: ['models', 'forMs'],
  block: ['forMs'],
  rotate: ['overlapMs'],
  suspend: ['forMs', 'cutsRunning'],
};

function checkAction(where: string, action: Action): void {
  const checks = { do: accepts.oneOf(...Object.keys(needed)), ...fieldChecks };
  checkOptions<EveryActionField>(where, action, checks, ['do', ...(needed[action.do as ActionName] ?? [])]);
}
