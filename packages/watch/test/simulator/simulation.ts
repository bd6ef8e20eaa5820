import { memorySwitch } from '@tollgate/core';
import { Analysis } from '../../src/detectors/analysis.js';
import { seededRandom } from '../../src/forest/seeded-random.js';
import { Ladder } from '../../src/ladder/ladder.js';
import type { Measure } from '../../src/ladder/measure.js';
import { defaultPolicy } from '../../src/ladder/policy.js';
import type { Incident, IncidentKind } from './incidents.js';
import { dayMs } from './tenants.js';
import { type Happening, type Scale, Traffic } from './traffic.js';

/** How an incident fared. */
export interface Outcome {
  readonly incident: Incident;
  /** From its begin to the first step of the ladder above `observe`; absent: none was taken. */
  readonly toldAfterMs: number | undefined;
  /** To the first that slows down, blocks or suspends. */
  readonly actedAfterMs: number | undefined;
  readonly usdUntilActed: number;
  readonly usdInAll: number;
}

export interface Report {
  readonly events: number;
  readonly tenantMonths: number;
  readonly outcomes: readonly Outcome[];
  /** Measures that hit a tenant without an incident, by what was done. */
  readonly falseMeasures: ReadonlyMap<string, number>;
  readonly microsecondsPerEvent: number;
}

interface Ledger {
  toldAtMs: number | undefined;
  actedAtMs: number | undefined;
  usdUntilActed: number;
  usdInAll: number;
}

/** An app for some weeks with the default policy; whoever is switched off spends nothing meanwhile. */
export async function simulate(scale: Scale): Promise<Report> {
  const traffic = new Traffic(scale);
  const books = new Map<number, Ledger>(
    traffic.incidents.map(({ id }) => [
      id,
      { toldAtMs: undefined, actedAtMs: undefined, usdUntilActed: 0, usdInAll: 0 },
    ]),
  );
  const falseMeasures = new Map<string, number>();
  const offUntilMs = new Map<string, number>();
  let nowMs = 0;
  const audit = (measure: Measure): void => {
    const { action, target, untilMs, atMs } = measure;
    if (action.do === 'observe' || measure.outcome !== 'applied') return;
    if (action.do === 'suspend' || action.do === 'block') offUntilMs.set(target.name, untilMs);
    const hit = traffic.incidents.filter((incident) => concerns(incident, measure));
    for (const { id } of hit) {
      const book = books.get(id) as Ledger;
      book.toldAtMs ??= atMs;
      if (action.do !== 'tag') book.actedAtMs ??= atMs;
    }
    if (hit.length === 0) {
      const what = `${action.do} for ${measure.finding.detector} of ${measure.finding.subject.kind}`;
      falseMeasures.set(what, (falseMeasures.get(what) ?? 0) + 1);
    }
  };
  const ladder: Ladder = new Ladder({
    ...{ store: memorySwitch(), policy: defaultPolicy, blastRadius: { share: 0.05, withinMs: 600_000 } },
    ...{ dryRun: false, maxSubjects: 20_000, now: () => nowMs, audit },
    activeTenants: (atMs) => analysis.activeTenants(atMs),
  });
  const analysis: Analysis = new Analysis({
    ...{ minimumUsd: 0.5, maxSubjects: 20_000, networksPerKey: 10, budgetOf: undefined, forest: undefined },
    random: seededRandom(scale.seed),
    found: (finding) => ladder.take(finding),
  });
  let events = 0;
  const started = process.hrtime.bigint();
  for (const hour of traffic.hours()) {
    for (const happening of hour) {
      nowMs = happening.atMs;
      if (isOff(happening, offUntilMs)) continue;
      events += 1;
      pay(happening, books);
      const { event, wrongCredential } = happening;
      if (event) analysis.usage(event, nowMs);
      if (wrongCredential) {
        analysis.presented({ ...wrongCredential, isWrong: true, tenant: undefined, keyId: undefined }, nowMs);
      }
      // the switch is told behind the event: six turns of the microtask queue
      if (happening.incident) for (let turn = 0; turn < 6; turn += 1) await null;
    }
    await null;
  }
  const microseconds = Number(process.hrtime.bigint() - started) / 1e3;
  return {
    events,
    tenantMonths: (scale.tenants * scale.days) / 30,
    outcomes: traffic.incidents.map((incident) => outcomeOf(incident, books.get(incident.id) as Ledger)),
    falseMeasures,
    microsecondsPerEvent: microseconds / events,
  };
}

/** Of those that are told of, the kinds that must be acted on as well; what grows dearer for everybody is for people to decide. */
export const isActedOn = ({ incident, actedAfterMs, toldAfterMs }: Outcome): boolean =>
  (needsPeople(incident.kind) ? toldAfterMs : actedAfterMs) !== undefined;

export const needsPeople = (kind: IncidentKind): boolean => kind === 'slow leak' || kind === 'price change';

function concerns(incident: Incident, { target, finding, atMs }: Measure): boolean {
  if (atMs < incident.startMs || atMs > incident.endMs + dayMs) return false;
  if (incident.kind === 'price change') {
    return target.kind === 'model' || target.kind === 'global' || finding.detector === 'cost';
  }
  if (incident.kind === 'credential stuffing')
    return target.name === incident.network || target.kind === 'global';
  if (target.kind === 'global' || target.kind === 'model') return finding.detector !== 'cost';
  return target.tenant === incident.tenant?.name;
}

function isOff({ atMs, event, wrongCredential }: Happening, off: ReadonlyMap<string, number>): boolean {
  const names = [event?.keyId, event?.tenant, wrongCredential?.network];
  return names.some((name) => name !== undefined && (off.get(name) ?? 0) > atMs);
}

function pay({ event, incident }: Happening, books: ReadonlyMap<number, Ledger>): void {
  const book = incident && books.get(incident.id);
  if (!book || !event) return;
  const usd = Number(event.costNanoUsd) / 1e9;
  book.usdInAll += usd;
  if (book.actedAtMs === undefined) book.usdUntilActed += usd;
}

function outcomeOf(incident: Incident, book: Ledger): Outcome {
  const after = (atMs: number | undefined): number | undefined =>
    atMs === undefined ? undefined : atMs - incident.startMs;
  const { usdInAll, usdUntilActed } = book;
  return {
    incident,
    toldAfterMs: after(book.toldAtMs),
    actedAfterMs: after(book.actedAtMs),
    usdUntilActed,
    usdInAll,
  };
}
