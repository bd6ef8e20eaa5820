import { Highs } from '../statistics/highs.js';
import { RollingSum } from '../statistics/rolling-sum.js';
import { RecentNames } from './recent-names.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Networks and agents remembered for each key, and networks counted in a day. */
const mostKnown = 48;
const mostInADay = 256;
/** A network or an agent counts as new for this long after it was first seen, in ms. */
const newForMs = 3 * dayMs;

/** How a key is used: from which networks, with which user agents, and what of that is new. */
export class KeyNetworks {
  /** Networks of the last ten minutes. */
  readonly recent = new RecentNames(10 * minuteMs, mostInADay);
  /** Different networks of a day. */
  readonly perDay = new Highs();
  /** Of a key without a habit of days yet: different networks within ten minutes, by the hour. */
  #perHour: Highs | undefined;
  readonly #networks = new Map<string, number>();
  readonly #agents = new Map<string, number>();
  readonly #all = new RollingSum(dayMs, 24);
  readonly #fromNew = new RollingSum(dayMs, 24);
  readonly #strange = new RollingSum(dayMs, 24);
  readonly #newNetworks = new RollingSum(7 * dayMs, 14);
  readonly #today = new Set<string>();
  #day = Number.NaN;
  #firstMs = Number.NaN;

  /** `agent`: the name of the client's software without its version; absent where it is unknown. */
  add(nowMs: number, network: string, agent: string | undefined): void {
    if (Number.isNaN(this.#firstMs)) this.#firstMs = nowMs;
    this.recent.add(nowMs, network);
    const day = Math.floor(nowMs / dayMs);
    if (day !== this.#day) this.#today.clear();
    this.#day = day;
    if (this.#today.size < mostInADay) this.#today.add(network);
    this.perDay.see(nowMs, this.#today.size);
    if (this.perDay.usual(nowMs) !== undefined) this.#perHour = undefined;
    else {
      this.#perHour ??= new Highs(hourMs);
      this.#perHour.see(nowMs, this.recent.count(nowMs));
    }
    const isOldKey = nowMs - this.#firstMs >= newForMs;
    if (!this.#networks.has(network) && isOldKey) this.#newNetworks.add(nowMs, 1);
    const isNew = remember(this.#networks, network, nowMs) && isOldKey;
    const isNewAgent = agent !== undefined && remember(this.#agents, agent, nowMs) && isOldKey;
    this.#all.add(nowMs, 1);
    if (isNew) this.#fromNew.add(nowMs, 1);
    if (isNew && isNewAgent) this.#strange.add(nowMs, 1);
  }

  /** The networks that are a habit: of a day, or of a new key within ten minutes. `undefined`: none is known. */
  usual(nowMs: number): number | undefined {
    return this.perDay.usual(nowMs) ?? this.#perHour?.usual(nowMs);
  }

  /** Networks that the key has been used from. */
  get known(): Iterable<string> {
    return this.#networks.keys();
  }

  /** Networks of today. */
  get today(): number {
    return this.#today.size;
  }

  /** Requests within a day, those from networks that are new for this key, and those of a new agent as well. */
  counts(nowMs: number): { all: number; fromNew: number; strange: number; newNetworks: number } {
    return {
      all: this.#all.sum(nowMs),
      fromNew: this.#fromNew.sum(nowMs),
      strange: this.#strange.sum(nowMs),
      newNetworks: this.#newNetworks.sum(nowMs),
    };
  }

  /** How long the key has been in use, in ms. */
  ageMs(nowMs: number): number {
    return Number.isNaN(this.#firstMs) ? 0 : nowMs - this.#firstMs;
  }

  save(): SavedNetworks {
    return {
      firstMs: Number.isNaN(this.#firstMs) ? 0 : this.#firstMs,
      networks: [...this.#networks],
      agents: [...this.#agents],
      perDay: this.perDay.save(),
    };
  }

  load({ firstMs, networks, agents, perDay }: SavedNetworks): void {
    if (firstMs > 0) this.#firstMs = firstMs;
    for (const [name, atMs] of networks) this.#networks.set(name, atMs);
    for (const [name, atMs] of agents) this.#agents.set(name, atMs);
    this.perDay.load(perDay);
  }
}

/** The saved form of {@link KeyNetworks}. */
export interface SavedNetworks {
  readonly firstMs: number;
  readonly networks: readonly (readonly [string, number])[];
  readonly agents: readonly (readonly [string, number])[];
  readonly perDay: ReturnType<Highs['save']>;
}

/** Whether a name is new: first seen within three days. The one seen first is forgotten beyond the bound. */
function remember(names: Map<string, number>, name: string, nowMs: number): boolean {
  const sinceMs = names.get(name);
  if (sinceMs !== undefined) return nowMs - sinceMs < newForMs;
  names.set(name, nowMs);
  if (names.size > mostKnown) {
    const [oldest] = names.keys();
    if (oldest !== undefined) names.delete(oldest);
  }
  return true;
}
