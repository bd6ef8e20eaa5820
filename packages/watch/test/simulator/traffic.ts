import { type Dice, diceOf } from './dice.js';
import { grownAt, type Incident, incidentsOf } from './incidents.js';
import { hourMs, type SimulatedTenant, tenantsOf } from './tenants.js';

/** Size of a simulation. */
export interface Scale {
  readonly days: number;
  readonly tenants: number;
  /** Incidents of each kind. */
  readonly perKind: number;
  readonly seed: number;
  /** Attacks and loops end by themselves after so long. @defaultValue hours */
  readonly longestMs?: number;
}

/** A request that is about to come: one that costs money, or one with a wrong credential. */
export interface Happening {
  atMs: number;
  readonly network: string;
  /** Absent: the credential is wrong. */
  readonly tenant: SimulatedTenant | undefined;
  readonly key: string;
  readonly model: string;
  readonly usd: number;
  readonly tokens: number;
  /** Of the prompt, or of the wrong credential. */
  readonly print: string;
  /** The incident that it is part of; a leak or a new price also makes usual requests dearer. */
  readonly incident: Incident | undefined;
}

const popularPrompts = 50;

/** Everything that would happen to an app within some weeks, in the order of time, hour by hour. Labelled; the same for the same seed. */
export class Traffic {
  readonly tenants: readonly SimulatedTenant[];
  readonly incidents: readonly Incident[];
  readonly #prices: readonly Incident[];
  readonly #leaks: ReadonlyMap<SimulatedTenant | undefined, Incident>;
  readonly #dice: Dice;
  #serial = 0;

  constructor(readonly scale: Scale) {
    const { tenants, days, perKind, seed, longestMs } = scale;
    this.tenants = tenantsOf(tenants, days, seed);
    this.incidents = incidentsOf(this.tenants, days, perKind, seed).map((incident) =>
      longestMs === undefined || incident.gapMs === 0
        ? incident
        : { ...incident, endMs: Math.min(incident.endMs, incident.startMs + longestMs) },
    );
    this.#prices = this.incidents.filter(({ kind }) => kind === 'price change');
    const leaks = this.incidents.filter(({ kind }) => kind === 'slow leak');
    this.#leaks = new Map(leaks.map((incident) => [incident.tenant, incident]));
    this.#dice = diceOf(seed + 5);
  }

  *hours(): Generator<Happening[]> {
    let later: Happening[] = [];
    for (let hour = 0; hour < this.scale.days * 24; hour += 1) {
      const startMs = hour * hourMs;
      const happenings: Happening[] = [];
      for (const tenant of this.tenants) {
        this.#people(tenant, startMs, happenings);
        this.#job(tenant, startMs, happenings);
        this.#slips(tenant, startMs, happenings);
      }
      for (const incident of this.incidents) this.#hostile(incident, startMs, happenings);
      // what began in this hour may go on in the next; the clock of a process ticks in whole milliseconds
      const sorted = [...later, ...happenings].sort((one, other) => one.atMs - other.atMs);
      const end = sorted.findIndex(({ atMs }) => atMs >= startMs + hourMs);
      const now = end === -1 ? sorted : sorted.slice(0, end);
      later = end === -1 ? [] : sorted.slice(end);
      for (const one of now) one.atMs = Math.floor(one.atMs);
      yield now;
    }
  }

  #people(tenant: SimulatedTenant, startMs: number, into: Happening[]): void {
    const dice = this.#dice;
    const { keys, repeats, perConversation } = tenant;
    const conversations = dice.poisson(tenant.requestsIn(startMs) / perConversation);
    for (let one = 0; one < conversations; one += 1) {
      const key = keys[Math.floor(dice.uniform() ** 2 * keys.length)] as string;
      const requests = 1 + dice.poisson(perConversation - 1);
      let atMs = startMs + dice.uniform() * hourMs;
      for (let turn = 0; turn < requests; turn += 1) {
        const popular = dice.uniform() < repeats;
        const print = popular ? `often-${Math.floor(dice.uniform() * popularPrompts)}` : this.#newPrint();
        into.push(this.#usual(atMs, tenant, key, print));
        atMs += dice.lognormal(25_000, 0.8);
      }
    }
  }

  #job(tenant: SimulatedTenant, startMs: number, into: Happening[]): void {
    const { job, keys } = tenant;
    if (!job || startMs < job.startMs || Math.floor(startMs / hourMs) % 24 !== job.hour) return;
    const key = keys.at(-1) as string;
    for (let atMs = startMs; atMs < startMs + job.lengthMs; ) {
      atMs += job.gapMs * this.#dice.between(0.8, 1.2);
      into.push(this.#usual(atMs, tenant, key, this.#newPrint()));
    }
  }

  /** A key that was forgotten somewhere is sent again and again; and once in some weeks a hand mistypes three different ones. */
  #slips({ name, networks }: SimulatedTenant, startMs: number, into: Happening[]): void {
    const dice = this.#dice;
    const network = networks[0] as string;
    const slip = (print: string): void => {
      const atMs = startMs + dice.uniform() * hourMs;
      into.push({ ...{ atMs, network, print }, ...wrong });
    };
    for (let left = dice.poisson(0.2 / 24); left > 0; left -= 1)
      for (let sent = 0; sent < 5; sent += 1) slip(`old-${name}`);
    if (dice.uniform() < 0.05 / 24) for (let sent = 0; sent < 3; sent += 1) slip(this.#newPrint());
  }

  #hostile(incident: Incident, startMs: number, into: Happening[]): void {
    const { kind, gapMs, tenant, key, network } = incident;
    if (gapMs === 0 || startMs + hourMs <= incident.startMs || startMs >= incident.endMs) return;
    const dice = this.#dice;
    const untilMs = Math.min(startMs + hourMs, incident.endMs);
    let atMs = Math.max(startMs, incident.startMs);
    for (let turn = 0; ; turn += 1) {
      atMs += kind === 'stolen key' ? dice.exponential(gapMs) : gapMs * dice.between(0.8, 1.2);
      if (atMs >= untilMs) return;
      if (!tenant || !key) {
        into.push({ ...{ atMs, network, print: this.#newPrint() }, ...wrong, incident });
        continue;
      }
      const print = kind === 'runaway loop' ? `loop-${turn % 3}` : this.#newPrint();
      const median = tenant.usdPerRequest(atMs) * incident.times;
      const usd = dice.lognormal(median, kind === 'runaway loop' ? 0.1 : 0.5);
      // a thief brings another network and the dearest model; loops and scrapers are the customer's own programs
      const isThief = kind === 'stolen key';
      const from = isThief ? network : (tenant.networks[0] as string);
      const model = isThief ? 'gpt-5' : tenant.model;
      into.push({
        ...{ atMs, network: from, tenant, key, model, print, incident },
        ...this.#priced(usd, model, atMs),
      });
    }
  }

  #usual(atMs: number, tenant: SimulatedTenant, key: string, print: string): Happening {
    const { model, networks } = tenant;
    const leak = this.#leaks.get(tenant);
    const isLeaking = leak !== undefined && atMs >= leak.startMs && atMs < leak.endMs;
    const usd =
      this.#dice.lognormal(tenant.usdPerRequest(atMs), tenant.costDeviation) *
      (isLeaking ? grownAt(leak, atMs) : 1);
    const network = networks[Math.floor(this.#dice.uniform() * networks.length)] as string;
    const incident = isLeaking ? leak : undefined;
    return { ...{ atMs, network, tenant, key, model, print, incident }, ...this.#priced(usd, model, atMs) };
  }

  #priced(usd: number, model: string, atMs: number): Pick<Happening, 'usd' | 'tokens'> {
    const tokens = Math.max(20, Math.round((usd / usdPerToken) * this.#dice.lognormal(1, 0.2)));
    let times = 1;
    for (const one of this.#prices)
      if (one.model === model && atMs >= one.startMs && atMs < one.endMs) times *= one.times;
    return { usd: usd * times, tokens };
  }

  #newPrint(): string {
    this.#serial += 1;
    return `p${this.#serial}`;
  }
}

const wrong = { tenant: undefined, key: '', model: '', usd: 0, tokens: 0, incident: undefined } as const;
const usdPerToken = 0.000_01;
