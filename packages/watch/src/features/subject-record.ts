import { Ewma } from '../statistics/ewma.js';
import type { SavedHighs } from '../statistics/highs.js';
import { LevelBaseline, type SavedLevel } from '../statistics/level-baseline.js';
import { type SavedSlowSum, SlowSum } from '../statistics/slow-sum.js';
import { Contributors } from './contributors.js';
import { Horizon, HorizonFigures, type SavedHorizon } from './horizon.js';
import { type Addition, KeyConduct } from './key-conduct.js';
import { KeyNetworks, type SavedNetworks } from './key-networks.js';
import type { Subject } from './subject.js';
import { type SavedBurn, TenantBurn } from './tenant-burn.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The number of requests over which the mean cost of a request is taken. */
const requestsRemembered = 500;
/** Slots of the sums of minutes, an hour and a day. */
const slots = [12, 12, 24] as const;
/** Requests arrive in conversations: chance is computed for groups of this many. */
const clumping = 2;

/** The usual cost of a request, or per token. The least spread is a logarithm. */
const costsOfModels = { minimumWindows: 12, capacity: 72, leastDeviation: 0.1 } as const;
const costsOfOthers = { ...costsOfModels, leastDeviation: 0.15 } as const;

type Pair = readonly [number, number];

/** The saved form of a {@link SubjectRecord}: its habits. Sums of minutes, refusals and the rhythm are not. */
export interface SavedRecord {
  readonly subject: Subject;
  readonly seenMs: number;
  readonly horizons: readonly SavedHorizon[];
  readonly costs: SavedLevel;
  readonly slow: readonly [SavedSlowSum, SavedSlowSum];
  readonly repetition?: SavedHighs;
  readonly each: readonly [Pair, Pair];
  readonly networks?: SavedNetworks;
  readonly burn?: SavedBurn;
}

/** The record of one subject: rolling sums, their usual values, and the rhythm of its latest requests. */
export class SubjectRecord {
  /** Of keys and models none: theirs is their own doing. */
  readonly contributors: Contributors | undefined;
  readonly costs: LevelBaseline;
  /** US dollars in five minutes, an hour, a day. */
  readonly spend: readonly [Horizon, Horizon, Horizon];
  /** Requests in a minute, an hour, a day. */
  readonly requests: readonly [Horizon, Horizon, Horizon];
  /** Days of spending, and of requests, above the usual. */
  readonly slowSpend = new SlowSum();
  readonly slowRequests = new SlowSum();
  /** Of keys only. */
  readonly conduct: KeyConduct | undefined;
  /** Of tenants with a budget only. */
  burn: TenantBurn | undefined;
  /** Of keys only, once `observe()` has seen one of its requests. */
  networks: KeyNetworks | undefined;
  readonly #usdEach = new Ewma(requestsRemembered);
  readonly #usdSquared = new Ewma(requestsRemembered);
  lastSeenMs = 0;
  /** Of a tenant: when one of its keys was last found to rise slowly. */
  keyRoseMs: number | undefined;

  constructor(readonly subject: Subject) {
    const ofModel = subject.kind === 'model';
    this.contributors = ofModel || subject.kind === 'key' ? undefined : new Contributors();
    this.costs = new LevelBaseline(ofModel ? costsOfModels : costsOfOthers);
    const figures = new HorizonFigures([...slots, ...slots]);
    const [few, some, many] = slots;
    const longer = () => [new Horizon(hourMs, some, figures), new Horizon(dayMs, many, figures)] as const;
    this.spend = [new Horizon(5 * minuteMs, few, figures), ...longer()];
    this.requests = [new Horizon(minuteMs, few, figures), ...longer()];
    this.conduct = subject.kind === 'key' ? new KeyConduct() : undefined;
  }

  /** The unit of chance in the spending, for {@link Horizon.compare}: variance over mean of a sum of unequal parts. */
  get usdUnit(): number {
    const { mean } = this.#usdEach;
    return mean > 0 ? (clumping * this.#usdSquared.mean) / mean : 0;
  }

  /** The habits, as JSON. */
  save(): SavedRecord {
    const horizons = [...this.spend, ...this.requests].map((one) => one.saveHabit());
    return {
      ...{ subject: this.subject, seenMs: this.lastSeenMs, horizons, costs: this.costs.save() },
      slow: [this.slowSpend.save(), this.slowRequests.save()],
      ...(this.conduct && { repetition: this.conduct.repetition.save() }),
      each: [this.#usdEach.save(), this.#usdSquared.save()],
      ...(this.networks && { networks: this.networks.save() }),
      ...(this.burn && { burn: this.burn.save() }),
    };
  }

  /** Takes what was saved of the same subject. */
  load({ seenMs, horizons, costs, slow, repetition, each, networks, burn }: SavedRecord): void {
    this.lastSeenMs = seenMs;
    for (const [index, one] of [...this.spend, ...this.requests].entries()) {
      const saved = horizons[index];
      if (saved) one.loadHabit(saved);
    }
    this.costs.load(costs);
    this.slowSpend.load(slow[0]);
    this.slowRequests.load(slow[1]);
    if (repetition) this.conduct?.repetition.load(repetition);
    this.#usdEach.load(each[0]);
    this.#usdSquared.load(each[1]);
    if (networks) this.seenNetworks.load(networks);
    if (burn) this.spending.load(burn);
  }

  /** The spending of a tenant with a budget, begun where there is none yet. */
  get spending(): TenantBurn {
    this.burn ??= new TenantBurn();
    return this.burn;
  }

  /** The networks of a key, begun where there are none yet. */
  get seenNetworks(): KeyNetworks {
    this.networks ??= new KeyNetworks();
    return this.networks;
  }

  /** Mean cost of a request, in US dollars. */
  get usdEach(): number {
    return this.#usdEach.mean;
  }

  /** Whether a habit can be known: it was used on three days before. */
  isWarm(nowMs: number): boolean {
    return this.spend[0].highs.usual(nowMs) !== undefined;
  }

  add(nowMs: number, addition: Addition): void {
    const { usd, tokens } = addition;
    this.lastSeenMs = Math.max(this.lastSeenMs, nowMs);
    for (const horizon of this.spend) horizon.add(nowMs, usd);
    for (const horizon of this.requests) horizon.add(nowMs, 1);
    this.#usdEach.add(usd);
    this.#usdSquared.add(usd * usd);
    this.conduct?.add(nowMs, addition);
    // a model's price shows per token; for other subjects the cost per request counts
    this.costs.add(nowMs, this.subject.kind === 'model' ? (tokens > 0 ? usd / tokens : 0) : usd);
  }
}
