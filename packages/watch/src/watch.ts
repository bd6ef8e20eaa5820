import { type Caller, memoryClaims, subscribe, type TollgateContext, type UsageSink } from '@tollgate/core';
import { type GuardOptions, publish } from '@tollgate/core/internal';
import type { RequestHandler } from 'express';
import { proofOfWork } from './challenge/challenges.js';
import { Analysis } from './detectors/analysis.js';
import { CustomDetectors } from './detectors/custom-detector.js';
import type { Finding } from './detectors/finding.js';
import { subjectsOfCaller } from './features/subjects-of-caller.js';
import type { IsolationForest } from './forest/isolation-forest.js';
import { seededRandom } from './forest/seeded-random.js';
import { Ladder } from './ladder/ladder.js';
import type { Mitigation } from './ladder/mitigation.js';
import { Operators } from './ladder/operators.js';
import { defaultPolicyWith } from './ladder/policy.js';
import { rotating } from './ladder/rotating.js';
import { Keeper } from './learned/keeper.js';
import { mitigationsGuard } from './middleware/mitigations-guard.js';
import { observer } from './middleware/observer.js';
import { checkWatchOptions, type WatchOptions } from './watch-options.js';

/** The result of `watch()`: its inputs, and its effects on requests. */
export interface Watch {
  /** Takes usage events: `tollgate({ sinks: [watch.sink] })`, or `outbox()` of `@tollgate/redis` for one picture of all processes. */
  readonly sink: UsageSink;
  /** Mounted before `authenticate()`: sees networks and how credentials fare; refuses blocked networks with 429 `abnormal_usage`. */
  observe(): RequestHandler;
  /**
   * Mounted after `authenticate()` and before guards that count: challenges, limits, slows down, reduces limits and chooses cheaper models, by the
   * policy.
   */
  guard(): RequestHandler;
  /** Tightens limits and asks cheaper models for a context without an HTTP request, before a budget is attached to it. */
  attach(context: TollgateContext): void;
  /** The findings for which the caller is tagged now. */
  tagsOf(caller: Caller): Finding[];
  /** Lets a mitigation happen that was withheld; `false` where there is none of this id. Rejects where it did not happen, since a store is away. */
  confirm(mitigationId: string): Promise<boolean>;
  /**
   * Takes back a mitigation of this process that still holds; within a second also those of other processes on the same `store` that the same
   * detector caused, apart from notices. Its findings about this target are only observed from then on, for a day or for as long as the
   * mitigation would have lasted, until they are about four times as much. `false` where there is none of this id, and for a rotated key.
   * Rejects where the switch's store is away.
   */
  undo(mitigationId: string): Promise<boolean>;
  /** Subjects whose habits were lost for want of memory, for a metric; see `maxBytes`. */
  readonly evictions: number;
  /** The current forest, to be saved; `undefined` until the first is grown. */
  readonly forest: IsolationForest | undefined;
  /** Resolves when what was learned before the start is loaded. Until then every subject is new. */
  ready(): Promise<void>;
  /** Stops listening to core's channels, and saves what was learned. Never rejects. */
  end(): Promise<void>;
}

/** Memory of a subject with four weeks of habits, measured with `npm run bench -- watch`. */
const bytesPerSubject = 8 * 1024;
/** How often what was learned is saved, in ms. */
const saveEveryMs = 600_000;

const pass: RequestHandler = (_req, _res, next) => next();

/** `mode: 'off'`. */
const idleWatch: Watch = {
  sink: { write: () => undefined },
  observe: () => pass,
  guard: () => pass,
  attach: () => undefined,
  tagsOf: () => [],
  confirm: async () => false,
  undo: async () => false,
  evictions: 0,
  forest: undefined,
  ready: async () => undefined,
  end: async () => undefined,
};

/**
 * Watches spending and behaviour as it happens, and acts by a policy. In `mode: 'shadow'` it publishes and records its actions without
 * carrying them out. Reads usage events, `tollgate:refuse`, and requests where mounted; writes to the switch store, `tollgate:watch` and
 * the audit trail. Never fails a request. Throws a `TypeError` for a wrong or unknown option.
 */
export function watch(options: WatchOptions = {}): Watch {
  checkWatchOptions(options);
  if (options.mode === 'off') return idleWatch;
  const { store, detectors = [], mode, maxBytes = 384 * 1024 * 1024, now = Date.now } = options;
  const maxSubjects = Math.floor(maxBytes / bytesPerSubject);
  const { policy = defaultPolicyWith(detectors.map(({ name }) => name)) } = options;
  const suspending = options.policy?.findIndex(({ action }) => action.do === 'suspend') ?? -1;
  if (suspending !== -1 && !store) {
    throw new TypeError(
      `watch: rule ${suspending} of "policy" suspends, which needs "store", e.g. store: memorySwitch(), and killSwitch() with the same store`,
    );
  }
  const { blastRadius = { share: 0.05, withinMs: 600_000 } } = options;
  const { claims = memoryClaims({ now }), rotation, refusals, errorFormat } = options;
  const answer: Pick<GuardOptions, 'refusals' | 'errorFormat'> = {
    ...(refusals && { refusals }),
    ...(errorFormat && { errorFormat }),
  };
  const ladder: Ladder = new Ladder({
    policy,
    blastRadius,
    shadow: mode === 'shadow',
    minUsd: options.minUsd ?? (options.policy ? 0 : 5),
    maxSubjects,
    now,
    store,
    rotate: rotation && rotating(rotation, claims, now),
    activeTenants: (nowMs) => analysis.activeTenants(nowMs),
    isUsualKnown: (subject, nowMs) => analysis.isUsualKnown(subject, nowMs),
    audit: (mitigation) => {
      operators?.show(mitigation);
      tell(mitigation, options.onMitigation);
    },
    takenBack: (takenBack) => operators?.takenBack(takenBack),
  });
  const operators: Operators | undefined =
    store?.mitigations && new Operators(store.mitigations, ladder, now);
  const analysis: Analysis = new Analysis({
    minimumUsd: options.minimumUsd ?? 0.5,
    maxSubjects,
    networksPerKey: options.networksPerKey ?? 10,
    budgetOf: options.budgetOf,
    forest: options.forest,
    random: seededRandom(options.seed ?? 1),
    found: (finding) => ladder.take(finding),
  });
  const keeper = options.learned && new Keeper(options.learned, analysis, now, saveEveryMs);
  const custom = new CustomDetectors(detectors, (finding) => ladder.take(finding));
  const { challenges = proofOfWork({ claims, now }) } = options;
  const mitigations = mitigationsGuard({
    ...{ ladder, challenges, answer, now },
    aboveUsual: (subject, times, nowMs) => analysis.aboveUsual(subject, times, nowMs),
  });
  const unsubscribe = subscribe('tollgate:refuse', ({ code, tenant, keyId, shadow }) => {
    if (shadow === true || typeof code !== 'string') return;
    analysis.refused({ code, tenant: textOf(tenant), keyId: textOf(keyId) }, now());
  });
  return {
    sink: {
      write: (event) => {
        analysis.usage(event, now());
        custom.usage(event, now());
      },
    },
    observe: () => observer(analysis, custom, ladder, answer, now),
    guard: () => mitigations.handler,
    attach: mitigations.attach,
    tagsOf: (caller) =>
      subjectsOfCaller(caller).flatMap((subject) =>
        ladder.tags(subject, now()).map(({ finding }) => finding),
      ),
    confirm: (mitigationId) => ladder.confirm(mitigationId),
    undo: (mitigationId) => ladder.undo(mitigationId),
    get evictions() {
      return analysis.evictions;
    },
    get forest() {
      return analysis.forest;
    },
    ready: async () => keeper?.loaded,
    end: async () => {
      operators?.end();
      unsubscribe();
      await keeper?.end();
    },
  };
}

function tell(mitigation: Mitigation, onMitigation: WatchOptions['onMitigation']): void {
  publish('tollgate:watch', () => ({
    ...mitigation,
    detector: mitigation.finding.detector,
    do: mitigation.action.do,
  }));
  try {
    onMitigation?.(mitigation);
  } catch (error) {
    publish('tollgate:fault', () => ({ where: 'watch.onMitigation', error: String(error) }));
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
