import { memorySwitch } from '@tollgate/core';
import type { Finding } from '../../src/detectors/finding.js';
import type { Subject } from '../../src/features/subject.js';
import { Ladder } from '../../src/ladder/ladder.js';
import type { Mitigation } from '../../src/ladder/mitigation.js';
import { defaultPolicy, type PolicyRule } from '../../src/ladder/policy.js';
import type { MakeContender } from './contender.js';
import { dayMs, hourMs } from './customers.js';
import type { Incident } from './incidents.js';
import { type Happening, type Scale, Traffic } from './traffic.js';

/** How an incident fared. */
export interface Outcome {
  readonly incident: Incident;
  /** From its begin to the first action that limits requests; absent: none was taken. */
  readonly actedAfterMs: number | undefined;
  /** To the first that suspends or blocks. */
  readonly stoppedAfterMs: number | undefined;
  /** To the first notice. */
  readonly reportedAfterMs: number | undefined;
  /** What passed in all, slowed down or not. */
  readonly usdLost: number;
  /** Had nothing been done. */
  readonly usdAtStake: number;
}

export interface Report {
  readonly happenings: number;
  readonly tenantMonths: number;
  readonly outcomes: readonly Outcome[];
  /** Actions on customers without an incident, by action, detector, kind of subject and shape. */
  readonly falseActions: ReadonlyMap<string, number>;
  /** Of the false limits, those that continued one which had just ended. */
  readonly falseRenewals: number;
  readonly microsecondsPerHappening: number;
}

/** How long an incident may be reported after it has ended, since a day's sum still contains it; suspended for less. */
const aftermathMs = dayMs;
const aftermathOfSuspensionsMs = hourMs;
/** A notice about a subject is new after this time without one. */
const quietMs = dayMs;
/** A limit within this time after the last one is its continuation. */
const renewedMs = 12 * hourMs;
/** Actions that limit requests; a notice does not. */
const limiting: ReadonlySet<string> = new Set([
  'slow',
  'limit',
  'tighten',
  'challenge',
  'suspend',
  'block',
  'cheaper',
]);
const stopping: ReadonlySet<string> = new Set(['suspend', 'block']);

/** An app for some weeks; a caller that is switched off or blocked spends nothing meanwhile. */
export async function simulate(
  scale: Scale,
  make: MakeContender,
  restart?: { everyMs: number },
  policy: readonly PolicyRule[] = defaultPolicy,
): Promise<Report> {
  const traffic = new Traffic(scale);
  const books = new Books(traffic);
  let nowMs = 0;
  let isTold = false;
  const ladder: Ladder = new Ladder({
    ...{ store: memorySwitch(), policy, blastRadius: { share: 0.05, withinMs: 600_000 } },
    ...{
      shadow: false,
      maxSubjects: 20_000,
      minUsd: 5,
      now: () => nowMs,
      audit: (mitigation) => books.note(mitigation),
    },
    activeTenants: (atMs) => contender.activeTenants(atMs),
    isUsualKnown: (subject, atMs) => contender.isUsualKnown?.(subject, atMs) ?? false,
  });
  const found = (finding: Finding): void => {
    isTold = true;
    ladder.take(finding);
  };
  let contender = make(found);
  const isLimited = ({ tenant, key, atMs }: Happening): boolean => {
    if (!tenant) return false;
    const subjects: Subject[] = [
      { kind: 'key', name: key, tenant: tenant.name },
      { kind: 'tenant', name: tenant.name, tenant: tenant.name },
    ];
    return subjects.some((subject) => {
      const action = ladder.active('limit', subject, atMs)?.action;
      return action?.do === 'limit' && contender.aboveUsual?.(subject, action.times, atMs) !== undefined;
    });
  };
  let happenings = 0;
  let restartedMs = 0;
  const started = process.hrtime.bigint();
  for (const hour of traffic.hours()) {
    for (const happening of hour) {
      nowMs = happening.atMs;
      if (restart && nowMs - restartedMs >= restart.everyMs) {
        restartedMs = nowMs;
        contender = contender.restarted?.(found) ?? make(found);
      }
      if (!books.pay(happening, isLimited(happening))) continue;
      happenings += 1;
      contender.take(happening);
      // The switch hears of it some turns of the microtask queue later.
      for (let turn = 0; isTold && turn < 6; turn += 1) await null;
      isTold = false;
    }
  }
  const microseconds = Number(process.hrtime.bigint() - started) / 1e3;
  return {
    happenings,
    tenantMonths: (scale.tenants * scale.days) / 30,
    outcomes: books.outcomes(),
    falseActions: books.falseActions,
    falseRenewals: books.falseRenewals,
    microsecondsPerHappening: microseconds / happenings,
  };
}

interface Account {
  requests: number;
  actedAtMs: number | undefined;
  stoppedAtMs: number | undefined;
  reportedAtMs: number | undefined;
  usdLost: number;
  usdAtStake: number;
}

/** Who is off, what each incident costs, and what was done about it. */
class Books {
  readonly falseActions = new Map<string, number>();
  falseRenewals = 0;
  readonly #accounts: ReadonlyMap<Incident, Account>;
  readonly #offUntilMs = new Map<string, number>();
  readonly #noticedMs = new Map<string, number>();
  readonly #limitedUntilMs = new Map<string, number>();
  readonly #shapeOf: ReadonlyMap<string, string>;

  constructor({ incidents, tenants }: Traffic) {
    const nothing = {
      requests: 0,
      actedAtMs: undefined,
      stoppedAtMs: undefined,
      reportedAtMs: undefined,
      usdLost: 0,
      usdAtStake: 0,
    };
    this.#accounts = new Map(incidents.map((incident) => [incident, { ...nothing }]));
    this.#shapeOf = new Map(tenants.map(({ name, shape }) => [name, shape]));
  }

  note({ action, outcome, target, untilMs, atMs, finding }: Mitigation): void {
    if (action.do === 'observe' || (outcome !== 'applied' && outcome !== 'withheld')) return;
    const isApplied = outcome === 'applied';
    if (isApplied && stopping.has(action.do)) this.#offUntilMs.set(`${target.kind} ${target.name}`, untilMs);
    let isOwed = false;
    for (const [incident, account] of this.#accounts) {
      if (!concerns(incident, action.do, target, finding)) continue;
      isOwed = true;
      account.reportedAtMs ??= atMs;
      if (atMs > incident.endMs || !isApplied) continue;
      if (limiting.has(action.do)) account.actedAtMs ??= atMs;
      if (stopping.has(action.do)) account.stoppedAtMs ??= atMs;
    }
    if (isOwed) return;
    const name = target.tenant ?? target.name;
    // A question to a person is a notice.
    const done = isApplied ? action.do : 'tag';
    if (done === 'tag') {
      const last = this.#noticedMs.get(name) ?? Number.NEGATIVE_INFINITY;
      this.#noticedMs.set(name, atMs);
      if (atMs - last < quietMs) return;
    }
    if (done === 'limit' || done === 'slow') {
      if (atMs - (this.#limitedUntilMs.get(name) ?? Number.NEGATIVE_INFINITY) < renewedMs)
        this.falseRenewals += 1;
      this.#limitedUntilMs.set(name, untilMs);
    }
    const what = `${done} for ${finding.detector} of ${finding.subject.kind}, ${this.#shapeOf.get(name) ?? target.kind}`;
    this.falseActions.set(what, (this.falseActions.get(what) ?? 0) + 1);
  }

  /** Whether it passes. */
  pay({ atMs, tenant, key, network, model, usd, incident }: Happening, isLimited: boolean): boolean {
    const isOff = (name: string): boolean => (this.#offUntilMs.get(name) ?? 0) > atMs;
    const off = tenant
      ? isOff(`key ${key}`) || isOff(`tenant ${tenant.name}`) || isOff(`model ${model}`)
      : isOff(`network ${network}`);
    const account = incident && this.#accounts.get(incident);
    const passes = !off && !isLimited;
    if (account) {
      account.requests += 1;
      account.usdAtStake += usd;
      if (passes) account.usdLost += usd;
    }
    return passes;
  }

  outcomes(): Outcome[] {
    const after = ({ startMs }: Incident, atMs: number | undefined): number | undefined =>
      atMs === undefined ? undefined : atMs - startMs;
    // At night a build server is hijacked only if there was a night while it lasted.
    const begun = [...this.#accounts].filter(([, { requests }]) => requests > 0);
    return begun.map(([incident, { actedAtMs, stoppedAtMs, reportedAtMs, usdLost, usdAtStake }]) => ({
      incident,
      actedAfterMs: after(incident, actedAtMs),
      stoppedAfterMs: after(incident, stoppedAtMs),
      reportedAfterMs: after(incident, reportedAtMs),
      usdLost,
      usdAtStake,
    }));
  }
}

/** Whether an action is owed to an incident, and not to chance. */
function concerns(
  { startMs, endMs, foreign, customer }: Incident,
  action: Mitigation['action']['do'],
  target: Mitigation['target'],
  { detector, atMs, subject }: Finding,
): boolean {
  if (atMs < startMs || atMs > endMs + (stopping.has(action) ? aftermathOfSuspensionsMs : aftermathMs))
    return false;
  if (!customer)
    return (
      detector === 'credential-stuffing' &&
      (target.kind === 'global' || target.name.startsWith(`${foreign}.`))
    );
  // What runs wild shows in the sums of all customers and of its model as well, which affects no request.
  if (target.kind === 'global' || target.kind === 'model')
    return action === 'tag' && detector !== 'credential-stuffing';
  return (target.tenant ?? subject.tenant) === customer.name;
}
