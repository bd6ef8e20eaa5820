import type { ClaimStore, SwitchStore } from '@tollgate/core';
import {
  accepts,
  checkOptions,
  type GuardOptions,
  guardChecks,
  type LearnedStore,
} from '@tollgate/core/internal';
import type { Challenges } from './challenge/challenges.js';
import { checkDetectors, type Detector } from './detectors/custom-detector.js';
import type { IsolationForest } from './forest/isolation-forest.js';
import type { BlastRadius } from './ladder/blast-radius.js';
import type { Mitigation } from './ladder/mitigation.js';
import { checkPolicy, defaultPolicy, type PolicyRule } from './ladder/policy.js';
import type { Rotation } from './ladder/rotating.js';
import type { Budget } from './statistics/burn-rate.js';

/** Options of `watch()`. */
export interface WatchOptions extends GuardOptions {
  /** Store of suspensions; `killSwitch({ store })` of the same store enforces them. Without it there are none. */
  store?: SwitchStore;
  /** The action for each finding. @defaultValue `defaultPolicy`, in which the app's own detectors have the rules of `scraping` */
  policy?: readonly PolicyRule[];
  /** Detectors of the app beside the built-in ones. @defaultValue none */
  detectors?: readonly Detector[];
  /** The kind of challenge of the action `challenge`. @defaultValue `proofOfWork({ claims })` */
  challenges?: Challenges;
  /**
   * How many tenants may be suspended without a person's confirmation; and as many challenged, tightened and rotated, each counted
   * separately. @defaultValue `{ share: 0.05, withinMs: 600_000 }`
   */
  blastRadius?: BlastRadius;
  /**
   * Where it is known which challenges were used and which key one of the processes has rotated: `redisClaims({ client })` of `@tollgate/redis`
   * for several. @defaultValue `memoryClaims()`
   */
  claims?: ClaimStore;
  /** Whose keys the action `rotate` rotates, and how their owners get the new ones. Required for that action. */
  rotation?: Rotation;
  /** The least amount above the usual spending that counts, in US dollars, above 0. @defaultValue 0.5 */
  minimumUsd?: number;
  /**
   * Spending, loops and scraping that cost less an hour above the usual, in US dollars, are never suspended, only slowed down or limited; 0:
   * any are. Other findings have no cost. @defaultValue 5 with the default policy, 0 with `policy`
   */
  minUsd?: number;
  /** Networks of one key within ten minutes that are worth a look, 2 to 128. @defaultValue 10 */
  networksPerKey?: number;
  /** A tenant's budget, in US dollars, for burn rates and the forecast of its end. Must return synchronously. */
  budgetOf?: (tenant: string) => Budget | undefined;
  /** A forest that was trained before. @defaultValue one is grown from the stream of requests */
  forest?: IsolationForest;
  /**
   * Keeps what was learned over restarts: `fileLearned(path)` for one process, `redisLearned({ client })` of `@tollgate/redis` or
   * `sqlLearned({ database })` of `@tollgate/postgres` for several.
   * Loaded at start, saved every ten minutes and by `end()`. @defaultValue none: a restart forgets everything
   */
  learned?: LearnedStore;
  /**
   * Memory for habits, in bytes, 1 MiB to 64 GiB. A key, user, team, tenant, model or feature takes 8 kB after four weeks; beyond, the least
   * recently seen one is forgotten. @defaultValue 384 MiB: 49 152 of them, such as 20 000 keys of 10 000 tenants
   */
  maxBytes?: number;
  /** The audit trail: receives every mitigation, once. Its errors are caught. */
  onMitigation?: (mitigation: Mitigation) => void;
  /** Seed of the forest that is grown. @defaultValue 1 */
  seed?: number;
  /** Clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** Throws a `TypeError` for a wrong, unknown or missing option. */
export function checkWatchOptions(options: WatchOptions): void {
  checkOptions<WatchOptions>('watch', options, {
    ...guardChecks,
    store: accepts.methods('read', 'turnOff', 'turnOn'),
    policy: accepts.someOf(accepts.object),
    detectors: accepts.someOf(accepts.object),
    challenges: accepts.methods('ask', 'solves'),
    blastRadius: accepts.object,
    claims: accepts.methods('claim', 'secret'),
    rotation: accepts.object,
    minimumUsd: (value) =>
      (typeof value === 'number' && value > 0 && Number.isFinite(value)) || 'a number above 0',
    minUsd: (value) =>
      (typeof value === 'number' && value >= 0 && Number.isFinite(value)) || 'a number from 0',
    networksPerKey: accepts.integerBetween(2, 128),
    budgetOf: accepts.function,
    forest: accepts.methods('score', 'explain'),
    learned: accepts.methods('load', 'save'),
    maxBytes: accepts.integerBetween(1_048_576, 68_719_476_736),
    onMitigation: accepts.function,
    seed: (value) => Number.isSafeInteger(value) || 'an integer',
    now: accepts.function,
  });
  const { policy = defaultPolicy, detectors = [], blastRadius, rotation } = options;
  checkDetectors(detectors);
  checkPolicy(
    policy,
    detectors.map(({ name }) => name),
  );
  if (blastRadius) {
    checkOptions<BlastRadius>(
      'watch: "blastRadius"',
      blastRadius,
      { share: accepts.share, withinMs: accepts.positiveInteger },
      ['share', 'withinMs'],
    );
  }
  if (rotation) {
    const checks = { keys: accepts.methods('rotate'), deliver: accepts.function };
    checkOptions<Rotation>('watch: "rotation"', rotation, checks, ['keys', 'deliver']);
  } else if (policy.some(({ action }) => action.do === 'rotate')) {
    throw new TypeError(
      'watch: the action "rotate" needs "rotation", which says whose keys, and how their owners get the new ones',
    );
  }
}
