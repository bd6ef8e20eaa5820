import { type Customer, customersOf, hourMs, priceOf, type Usual } from './customers.js';
import { type Dice, diceOf } from './dice.js';
import {
  changesOf,
  type Hostile,
  hourOfIncident,
  type Incident,
  type IncidentKind,
  incidentKinds,
  incidentsOf,
} from './incidents.js';

/** Size of a simulation. */
export interface Scale {
  readonly days: number;
  readonly tenants: number;
  /** Incidents of each kind. */
  readonly perKind: number;
  readonly seed: number;
  /** @defaultValue all */
  readonly kinds?: readonly IncidentKind[] | undefined;
}

/** A request that is about to come: one that costs money, or one with a wrong credential. */
export interface Happening {
  atMs: number;
  readonly network: string;
  /** The client's user agent. */
  readonly agent: string;
  /** Absent: the credential is wrong. */
  readonly tenant: Customer | undefined;
  readonly key: string;
  readonly model: string;
  readonly usd: number;
  readonly tokens: number;
  readonly outputTokens: number;
  readonly failed: boolean;
  /** Of the prompt, or of the wrong credential. */
  readonly print: string;
  /** The incident that it is part of, or that changes it. */
  readonly incident: Incident | undefined;
}

const usdPerToken = 0.000_000_5;

/** Everything that would happen to an app within some weeks, in the order of time, hour by hour. Labelled; the same for the same seed. */
export class Traffic {
  readonly tenants: readonly Customer[];
  readonly incidents: readonly Incident[];
  readonly #changing: ReadonlyMap<Customer | undefined, Incident>;
  readonly #dice: Dice;
  #serial = 0;

  constructor(readonly scale: Scale) {
    const { tenants, days, perKind, seed, kinds = incidentKinds } = scale;
    this.tenants = customersOf(tenants, days, seed);
    this.incidents = incidentsOf(this.tenants, { days, perKind, seed, kinds });
    this.#changing = new Map(this.incidents.map((incident) => [incident.customer, incident]));
    this.#dice = diceOf(seed + 5);
  }

  *hours(): Generator<Happening[]> {
    let later: Happening[] = [];
    for (let hour = 0; hour < this.scale.days * 24; hour += 1) {
      const startMs = hour * hourMs;
      const endMs = startMs + hourMs;
      const happenings: Happening[] = [];
      for (const tenant of this.tenants) {
        tenant.hour(startMs, (one) => void happenings.push(this.#usual(tenant, one)));
        this.#slips(tenant, startMs, happenings);
      }
      for (const incident of this.incidents) {
        const fromMs = Math.max(startMs, incident.startMs);
        const toMs = Math.min(endMs, incident.endMs);
        if (fromMs < toMs)
          hourOfIncident(incident, fromMs, toMs, (one) => happenings.push(this.#hostile(incident, one)));
      }
      const sorted = [...later, ...happenings].sort((one, other) => one.atMs - other.atMs);
      const end = sorted.findIndex(({ atMs }) => atMs >= endMs);
      const now = end === -1 ? sorted : sorted.slice(0, end);
      later = end === -1 ? [] : sorted.slice(end);
      // The clock of a process ticks in whole milliseconds.
      for (const one of now) one.atMs = Math.floor(one.atMs);
      yield now;
    }
  }

  #usual(tenant: Customer, { atMs, key, network, times, print }: Usual): Happening {
    const incident = this.#changing.get(tenant);
    const isChanged = incident !== undefined && atMs >= incident.startMs && atMs < incident.endMs;
    const changes = isChanged ? changesOf(incident, atMs) : {};
    const usualModel = tenant.modelAt(atMs);
    const model = changes.model ?? usualModel;
    const price = (priceOf[model] ?? 1) / (priceOf[usualModel] ?? 1);
    const usd =
      this.#dice.lognormal(tenant.usdAt(atMs) * times, tenant.costDeviation) * price * (changes.times ?? 1);
    return {
      ...{ atMs, tenant, model, agent: tenant.agent, usd, failed: this.#dice.uniform() < 0.01 },
      key: tenant.keys.at(key % tenant.keys.length) as string,
      network: tenant.networks.at(network) as string,
      print: print === undefined ? this.#newPrint() : `${tenant.name} ${print}`,
      incident: isChanged && Object.keys(changes).length > 0 ? incident : undefined,
      ...this.#tokens(usd, model, incident?.kind === 'long outputs' && isChanged ? 0.75 : 0.3),
    };
  }

  #hostile(incident: Incident, hostile: Hostile): Happening {
    const {
      atMs,
      network,
      agent = 'python-requests/2.32',
      wrong = false,
      key = '',
      model = '',
      usd = 0,
      failed = false,
    } = hostile;
    const print = hostile.print ?? this.#newPrint();
    if (wrong) return { ...nothing, ...{ atMs, network, agent, print, incident } };
    return {
      ...{ atMs, network, agent, key, model, usd, failed, print, incident, tenant: incident.customer },
      ...this.#tokens(usd, model, hostile.output ?? 0.3),
    };
  }

  /** A key that was forgotten somewhere is sent again and again; now and then a hand mistypes three different ones. */
  #slips({ name, networks }: Customer, startMs: number, into: Happening[]): void {
    const dice = this.#dice;
    const slip = (print: string): void => {
      const atMs = startMs + dice.uniform() * hourMs;
      into.push({ ...nothing, atMs, network: networks[0] as string, print });
    };
    for (let left = dice.poisson(0.2 / 24); left > 0; left -= 1)
      for (let sent = 0; sent < 5; sent += 1) slip(`old-${name}`);
    if (dice.uniform() < 0.05 / 24) for (let sent = 0; sent < 3; sent += 1) slip(this.#newPrint());
  }

  #tokens(usd: number, model: string, output: number): Pick<Happening, 'tokens' | 'outputTokens'> {
    const perToken = usdPerToken * (priceOf[model] ?? 1);
    const tokens = Math.max(20, Math.round((usd / perToken) * this.#dice.lognormal(1, 0.2)));
    return {
      tokens,
      outputTokens: Math.round(tokens * Math.min(output * this.#dice.lognormal(1, 0.3), 0.95)),
    };
  }

  #newPrint(): string {
    this.#serial += 1;
    return `p${this.#serial}`;
  }
}

const nothing = {
  ...{
    tenant: undefined,
    key: '',
    model: '',
    agent: 'curl/8',
    usd: 0,
    tokens: 0,
    outputTokens: 0,
    failed: false,
  },
  incident: undefined,
} as const;
