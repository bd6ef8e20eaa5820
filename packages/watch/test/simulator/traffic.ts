import type { UsageEvent } from '@tollgate/core';
import { type Dice, diceOf } from './dice.js';
import { type Incident, incidentsOf } from './incidents.js';
import { hourMs, type SimulatedTenant, tenantsOf } from './tenants.js';

/** Size of a simulation. */
export interface Scale {
  readonly days: number;
  readonly tenants: number;
  /** Incidents of each kind. */
  readonly perKind: number;
  readonly seed: number;
}

/** Something that happens: an attempt that cost money, or a wrong credential. */
export interface Happening {
  readonly atMs: number;
  readonly event: UsageEvent | undefined;
  readonly wrongCredential: { readonly network: string; readonly digest: string } | undefined;
  readonly incident: Incident | undefined;
}

/** Everything that happens to an app within some weeks, in the order of time, hour by hour. Labelled; the same for the same seed. */
export class Traffic {
  readonly tenants: readonly SimulatedTenant[];
  readonly incidents: readonly Incident[];
  readonly #dice: Dice;
  #serial = 0;

  constructor(readonly scale: Scale) {
    this.tenants = tenantsOf(scale.tenants, scale.days, scale.seed);
    this.incidents = incidentsOf(this.tenants, scale.days, scale.perKind, scale.seed);
    this.#dice = diceOf(scale.seed + 5);
  }

  *hours(): Generator<Happening[]> {
    for (let hour = 0; hour < this.scale.days * 24; hour += 1) {
      const startMs = hour * hourMs;
      const happenings = this.tenants.flatMap((tenant) => this.#usual(tenant, startMs));
      for (const incident of this.incidents) happenings.push(...this.#hostile(incident, startMs));
      yield happenings.sort((one, other) => one.atMs - other.atMs);
    }
  }

  #usual(tenant: SimulatedTenant, startMs: number): Happening[] {
    const leak = this.incidents.find(
      ({ kind, tenant: hit, startMs: from, endMs }) =>
        kind === 'slow leak' && hit === tenant && startMs >= from && startMs < endMs,
    );
    const grown = leak ? leak.times ** ((startMs - leak.startMs) / (leak.endMs - leak.startMs)) : 1;
    return Array.from({ length: this.#dice.poisson(tenant.requestsIn(startMs)) }, () => {
      const atMs = startMs + this.#dice.uniform() * hourMs;
      const key = tenant.keys[Math.floor(this.#dice.uniform() ** 2 * tenant.keys.length)] as string;
      const usd = this.#dice.lognormal(tenant.usdPerRequest, 0.6) * grown;
      return this.#attempt(atMs, tenant, key, tenant.model, usd, `p${this.#serial}`, leak);
    });
  }

  #hostile(incident: Incident, startMs: number): Happening[] {
    const { kind, gapMs, tenant, key } = incident;
    if (gapMs === 0 || startMs + hourMs <= incident.startMs || startMs >= incident.endMs) return [];
    const found: Happening[] = [];
    const isOf = (...kinds: Incident['kind'][]): boolean => kinds.includes(kind);
    let atMs = Math.max(startMs, incident.startMs);
    for (let turn = 0; ; turn += 1) {
      atMs += isOf('stolen key') ? this.#dice.exponential(gapMs) : gapMs * this.#dice.between(0.8, 1.2);
      if (atMs >= Math.min(startMs + hourMs, incident.endMs)) return found;
      if (!tenant || !key) {
        const wrongCredential = { network: incident.network, digest: `d${this.#serial++}` };
        found.push({ atMs, event: undefined, wrongCredential, incident });
        continue;
      }
      const print = isOf('runaway loop') ? `loop-${turn % 3}` : `p${this.#serial}`;
      const usd = this.#dice.lognormal(
        tenant.usdPerRequest * incident.times,
        isOf('runaway loop') ? 0.1 : 0.5,
      );
      const model = isOf('stolen key') ? 'gpt-5' : tenant.model;
      found.push(this.#attempt(atMs, tenant, key, model, usd, print, incident));
    }
  }

  #attempt(
    atMs: number,
    { name: tenant, feature }: SimulatedTenant,
    keyId: string,
    model: string,
    usd: number,
    promptHash: string,
    incident: Incident | undefined,
  ): Happening {
    const priced = this.incidents.find(
      (one) => one.kind === 'price change' && one.model === model && atMs >= one.startMs && atMs < one.endMs,
    );
    const tokens = Math.max(20, Math.round((usd / 0.000_01) * this.#dice.lognormal(1, 0.2)));
    this.#serial += 1;
    const id = String(this.#serial);
    const time = '';
    const event: UsageEvent = {
      ...{ eventId: id, kind: 'usage', requestId: id, callId: id, attempt: 1, admittedAt: time, time },
      ...{
        tenant,
        keyId,
        plan: 'pro',
        labels: { feature },
        provider: 'openai',
        requestedModel: model,
        model,
      },
      ...{
        inputTokens: Math.round(tokens * 0.7),
        cachedInputTokens: 0,
        cacheWriteTokens: 0,
        reasoningTokens: 0,
      },
      outputTokens: Math.round(tokens * 0.3),
      costNanoUsd: String(Math.round(usd * (priced?.times ?? 1) * 1e9)),
      ...{ priceVersion: '', source: 'provider', uncertain: false, overrun: false, charges: [], status: 200 },
      ...{ outcome: 'ok', stream: false, latencyMs: 500, promptHash },
    };
    return { atMs, event, wrongCredential: undefined, incident: incident ?? priced };
  }
}
