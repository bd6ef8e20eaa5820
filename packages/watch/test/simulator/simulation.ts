import { memorySwitch } from '@tollgate/core';
import type { Finding } from '../../src/detectors/finding.js';
import { Ladder } from '../../src/ladder/ladder.js';
import type { Mitigation } from '../../src/ladder/mitigation.js';
import { defaultPolicy } from '../../src/ladder/policy.js';
import type { MakeContender } from './contender.js';
import { grownAt, type Incident, type IncidentKind } from './incidents.js';
import { dayMs, hourMs } from './tenants.js';
import { type Happening, type Scale, Traffic } from './traffic.js';

/** How an incident fared. */
export interface Outcome {
  readonly incident: Incident;
  /** From its begin to the first step of the ladder that counts for its kind; absent: none was taken. */
  readonly actedAfterMs: number | undefined;
  /** To the first that suspends or blocks. */
  readonly stoppedAfterMs: number | undefined;
  readonly usdUntilActed: number;
  /** What got through in all, what was slowed down counted as if it were not. */
  readonly usdLost: number;
  /** Had nobody done anything. */
  readonly usdAtStake: number;
}

export interface Report {
  readonly happenings: number;
  readonly tenantMonths: number;
  readonly outcomes: readonly Outcome[];
  /** Measures that hit somebody without an incident, by action, detector and kind of subject. */
  readonly falseMeasures: ReadonlyMap<string, number>;
  readonly microsecondsPerHappening: number;
}

/** An incident may be spoken of for so long after it has ended, since an hour's or a day's sum still knows of it; suspended for less. */
const aftermathMs = dayMs;
const aftermathOfSuspensionsMs = hourMs;
/** From so many times the usual on a leak can be known from chance. */
const leakToBeSeen = 1.2;

/** An app for some weeks with the default policy; whoever is switched off or blocked spends nothing meanwhile. */
export async function simulate(scale: Scale, make: MakeContender): Promise<Report> {
  const traffic = new Traffic(scale);
  const books = new Books(traffic);
  let nowMs = 0;
  let isTold = false;
  const ladder: Ladder = new Ladder({
    ...{ store: memorySwitch(), policy: defaultPolicy, blastRadius: { share: 0.05, withinMs: 600_000 } },
    ...{ shadow: false, maxSubjects: 20_000, now: () => nowMs, audit: (measure) => books.note(measure) },
    activeTenants: (atMs) => contender.activeTenants(atMs),
  });
  const contender = make((finding: Finding) => {
    isTold = true;
    ladder.take(finding);
  });
  let happenings = 0;
  const started = process.hrtime.bigint();
  for (const hour of traffic.hours()) {
    for (const happening of hour) {
      nowMs = happening.atMs;
      if (!books.pay(happening)) continue;
      happenings += 1;
      contender.take(happening);
      // the switch is told behind the request: some turns of the microtask queue
      for (let turn = 0; isTold && turn < 6; turn += 1) await null;
      isTold = false;
    }
  }
  const microseconds = Number(process.hrtime.bigint() - started) / 1e3;
  return {
    happenings,
    tenantMonths: (scale.tenants * scale.days) / 30,
    outcomes: books.outcomes(),
    falseMeasures: books.falseMeasures,
    microsecondsPerHappening: microseconds / happenings,
  };
}

interface Account {
  actedAtMs: number | undefined;
  stoppedAtMs: number | undefined;
  usdUntilActed: number;
  usdLost: number;
  usdAtStake: number;
}

/** Who is off, what each incident costs, and what was done about it. */
class Books {
  readonly falseMeasures = new Map<string, number>();
  readonly #accounts: ReadonlyMap<Incident, Account>;
  readonly #offUntilMs = new Map<string, number>();

  readonly #modelOf: ReadonlyMap<string, string>;

  constructor({ incidents, tenants }: Traffic) {
    const nothing = {
      actedAtMs: undefined,
      stoppedAtMs: undefined,
      usdUntilActed: 0,
      usdLost: 0,
      usdAtStake: 0,
    };
    this.#accounts = new Map(incidents.map((incident) => [incident, { ...nothing }]));
    this.#modelOf = new Map(tenants.map(({ name, model }) => [name, model]));
  }

  note({ action, outcome, target, untilMs, atMs, finding }: Mitigation): void {
    if (action.do === 'observe' || outcome !== 'applied') return;
    const isOff = action.do === 'suspend' || action.do === 'block';
    if (isOff) this.#offUntilMs.set(`${target.kind} ${target.name}`, untilMs);
    let isOwed = false;
    for (const [incident, account] of this.#accounts) {
      if (!concerns(incident, action.do, target, finding, this.#modelOf)) continue;
      isOwed = true;
      if (action.do !== 'tag' || needsPeople(incident.kind)) account.actedAtMs ??= atMs;
      if (isOff) account.stoppedAtMs ??= atMs;
    }
    if (isOwed) return;
    const what = `${action.do} for ${finding.detector} of ${finding.subject.kind}`;
    this.falseMeasures.set(what, (this.falseMeasures.get(what) ?? 0) + 1);
  }

  /** Whether it gets through. */
  pay({ atMs, tenant, key, network, model, usd, incident }: Happening): boolean {
    const isOff = (name: string): boolean => (this.#offUntilMs.get(name) ?? 0) > atMs;
    const off = tenant
      ? isOff(`key ${key}`) || isOff(`tenant ${tenant.name}`) || isOff(`model ${model}`)
      : isOff(`network ${network}`);
    const account = incident && this.#accounts.get(incident);
    if (account) {
      const extra = incident.kind === 'slow leak' ? usd * (1 - 1 / grownAt(incident, atMs)) : usd;
      account.usdAtStake += extra;
      if (!off) account.usdLost += extra;
      if (account.actedAtMs === undefined) account.usdUntilActed += extra;
    }
    return !off;
  }

  outcomes(): Outcome[] {
    const after = ({ startMs }: Incident, atMs: number | undefined): number | undefined =>
      atMs === undefined ? undefined : atMs - startMs;
    return [...this.#accounts].map(([incident, { actedAtMs, stoppedAtMs, ...usd }]) => ({
      incident,
      actedAfterMs: after(incident, actedAtMs),
      stoppedAfterMs: after(incident, stoppedAtMs),
      ...usd,
    }));
  }
}

/** What grows dearer little by little, or for everybody, is for people to decide: telling them is what can be done. */
export const needsPeople = (kind: IncidentKind): boolean => kind === 'slow leak' || kind === 'price change';

/** Whether a measure is owed to an incident, and not to chance. */
function concerns(
  incident: Incident,
  action: Mitigation['action']['do'],
  target: Mitigation['target'],
  { detector, atMs }: Finding,
  modelOf: ReadonlyMap<string, string>,
): boolean {
  const { kind, startMs, endMs, network, tenant, model } = incident;
  const isOff = action === 'suspend' || action === 'block';
  if (atMs < startMs || atMs > endMs + (isOff ? aftermathOfSuspensionsMs : aftermathMs)) return false;
  if (kind === 'credential stuffing')
    return target.name === network || (target.kind === 'global' && detector === 'credential-stuffing');
  if (kind === 'price change')
    return (
      detector === 'cost' &&
      (target.kind === 'model' ? target.name : modelOf.get(target.tenant ?? '')) === model
    );
  if (kind === 'slow leak' && grownAt(incident, atMs) < leakToBeSeen) return false;
  // whoever runs wild or steals shows in everybody's sum and in its model's as well, where no one is hit by it
  if (target.kind === 'global' || target.kind === 'model')
    return detector !== 'cost' && action === 'tag' && kind !== 'slow leak';
  return target.tenant === tenant?.name;
}
