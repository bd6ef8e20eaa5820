import {
  accepts,
  type Caller,
  checkOptions,
  publish,
  type SwitchStore,
  subscribe,
  type UsageSink,
} from '@tollgate/core';
import type { RequestHandler } from 'express';
import { Analysis } from './detectors/analysis.js';
import type { Finding } from './detectors/finding.js';
import { subjectsOfCaller } from './features/subjects-of-caller.js';
import type { IsolationForest } from './forest/isolation-forest.js';
import { seededRandom } from './forest/seeded-random.js';
import type { BlastRadius } from './ladder/blast-radius.js';
import { Ladder } from './ladder/ladder.js';
import type { Measure } from './ladder/measure.js';
import { checkPolicy, defaultPolicy, type PolicyRule } from './ladder/policy.js';
import { measuresGuard } from './middleware/measures-guard.js';
import { observer } from './middleware/observer.js';
import type { Budget } from './statistics/burn-rate.js';

/** Options of {@link watch}. */
export interface WatchOptions {
  /** Where suspensions are written; `killSwitch({ store })` of the same store obeys them. Without it nobody is suspended. */
  store?: SwitchStore;
  /** What is done about which finding. @defaultValue `defaultPolicy` */
  policy?: readonly PolicyRule[];
  /** Writes down what would be done, and does nothing. @defaultValue false */
  dryRun?: boolean;
  /** How many tenants may be suspended without a person. @defaultValue `{ share: 0.05, withinMs: 600_000 }` */
  blastRadius?: BlastRadius;
  /** Spending says something from so much more than usual on, in US dollars, above 0. @defaultValue 0.5 */
  minimumUsd?: number;
  /** Networks of one key within ten minutes that are worth a look, 2 to 128. @defaultValue 10 */
  networksPerKey?: number;
  /** A tenant's budget, in US dollars, for burn rates and the forecast of when it is gone. Must answer at once. */
  budgetOf?: (tenant: string) => Budget | undefined;
  /** A forest that was trained before. @defaultValue one is grown from what passes by */
  forest?: IsolationForest;
  /** Keys, users, teams, tenants, models, features and networks a picture is kept of, 100 to 1 000 000; up to 13 kB each. @defaultValue 5_000 */
  maxSubjects?: number;
  /** The audit trail: every measure, once. What it throws is caught. */
  onMeasure?: (measure: Measure) => void;
  /** Seed of the forest that is grown. @defaultValue 1 */
  seed?: number;
  /** Clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** `watch()`: what it is given, and what it does to requests. */
export interface Watch {
  /** Takes usage events: `tollgate({ sinks: [watch.sink] })`, or `outbox()` of `@tollgate/redis` for one picture of all processes. */
  readonly sink: UsageSink;
  /** Mounted before `authenticate()`: sees networks and how credentials fare; refuses blocked networks with 429 `abnormal_usage`. */
  observe(): RequestHandler;
  /** Mounted after `authenticate()`: slows down and asks cheaper models, as the policy says. */
  guard(): RequestHandler;
  /** Findings for which somebody is tagged now. */
  tagsOf(caller: Caller): Finding[];
  /** Lets a measure happen that was withheld; `false` where there is none of this id. */
  confirm(measureId: string): Promise<boolean>;
  /** The forest as it stands, to be saved; nothing until the first is grown. */
  readonly forest: IsolationForest | undefined;
  /** Stops listening to core's channels. */
  end(): void;
}

/**
 * Watches spending and behaviour as it happens, and acts by a policy. Reads usage events, `tollgate:refuse`, and requests where mounted;
 * writes to the switch store, `tollgate:watch` and the audit trail. Never fails a request. Throws a `TypeError` for a wrong or unknown option.
 */
export function watch(options: WatchOptions = {}): Watch {
  checkWatchOptions(options);
  const { store, policy = defaultPolicy, dryRun = false, maxSubjects = 5_000, now = Date.now } = options;
  const { blastRadius = { share: 0.05, withinMs: 600_000 } } = options;
  const ladder: Ladder = new Ladder({
    store,
    policy,
    blastRadius,
    dryRun,
    maxSubjects,
    now,
    activeTenants: (nowMs) => analysis.activeTenants(nowMs),
    audit: (measure) => tell(measure, options.onMeasure),
  });
  const analysis: Analysis = new Analysis({
    minimumUsd: options.minimumUsd ?? 0.5,
    maxSubjects,
    networksPerKey: options.networksPerKey ?? 10,
    budgetOf: options.budgetOf,
    forest: options.forest,
    random: seededRandom(options.seed ?? 1),
    found: (finding) => ladder.take(finding),
  });
  const unsubscribe = subscribe('tollgate:refuse', ({ code, tenant, keyId, shadow }) => {
    if (shadow === true || typeof code !== 'string') return;
    analysis.refused({ code, tenant: textOf(tenant), keyId: textOf(keyId) }, now());
  });
  return {
    sink: { write: (event) => analysis.usage(event, now()) },
    observe: () => observer(analysis, ladder, now),
    guard: () => measuresGuard(ladder, now),
    tagsOf: (caller) =>
      subjectsOfCaller(caller).flatMap((subject) => ladder.active('tag', subject, now())?.finding ?? []),
    confirm: (measureId) => ladder.confirm(measureId),
    get forest() {
      return analysis.forest;
    },
    end: unsubscribe,
  };
}

function tell(measure: Measure, onMeasure: WatchOptions['onMeasure']): void {
  publish('tollgate:watch', () => ({ ...measure }));
  try {
    onMeasure?.(measure);
  } catch (error) {
    publish('tollgate:fault', () => ({ where: 'watch.onMeasure', error: String(error) }));
  }
}

function checkWatchOptions(options: WatchOptions): void {
  checkOptions<WatchOptions>('watch', options, {
    store: accepts.methods('read', 'turnOff', 'turnOn'),
    policy: accepts.arrayOf(accepts.object),
    dryRun: accepts.boolean,
    blastRadius: accepts.object,
    minimumUsd: (value) =>
      (typeof value === 'number' && value > 0 && Number.isFinite(value)) || 'a number above 0',
    networksPerKey: accepts.integerBetween(2, 128),
    budgetOf: accepts.function,
    forest: accepts.methods('score', 'explain'),
    maxSubjects: accepts.integerBetween(100, 1_000_000),
    onMeasure: accepts.function,
    seed: (value) => Number.isSafeInteger(value) || 'an integer',
    now: accepts.function,
  });
  if (options.policy) checkPolicy(options.policy);
  if (options.blastRadius) {
    checkOptions<BlastRadius>(
      'watch: "blastRadius"',
      options.blastRadius,
      { share: accepts.share, withinMs: accepts.positiveInteger },
      ['share', 'withinMs'],
    );
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
