import type { UsageEvent } from '@tollgate/core';
import { warnOnce } from '@tollgate/core/internal';
import { BoundedMap } from '../features/bounded-map.js';
import type { Horizon } from '../features/horizon.js';
import type { Addition } from '../features/key-conduct.js';
import { requestFeatures, requestRow } from '../features/request-row.js';
import { type Subject, subjectKey, subjectsOf } from '../features/subject.js';
import { type SavedRecord, SubjectRecord } from '../features/subject-record.js';
import type { IsolationForest } from '../forest/isolation-forest.js';
import { OnlineForest } from '../forest/online-forest.js';
import type { Budget } from '../statistics/burn-rate.js';
import { Ewma } from '../statistics/ewma.js';
import { agentLoop } from './agent-loop.js';
import { burnRate } from './burn-rate.js';
import { costAnomaly } from './cost-anomaly.js';
import { CredentialWatch, type Presented } from './credential-watch.js';
import type { Finding, Suspicion } from './finding.js';
import { keySharing } from './key-sharing.js';
import { newNetwork } from './new-network.js';
import { limitCodes, promptProbing, quotaProbing } from './probing.js';
import { riskOf, unusual } from './risk.js';
import { scraping } from './scraping.js';
import { slowRise } from './slow-rise.js';
import { spendAnomaly } from './spend-anomaly.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const fiveMinutesInAnHour = 12;
/** Requests that a limited subject may send in a minute, however few it usually sends. */
const leastPerMinute = 5;
/** It is asked to wait this part of the time in which it was above its habit: sums advance by it. */
const slotsOfWait = 12;
/** The number of a key's requests from which its risk is computed. */
const latestRisks = 20;

/** The dependencies of an {@link Analysis}. */
export interface AnalysisSettings {
  readonly minimumUsd: number;
  readonly maxSubjects: number;
  readonly networksPerKey: number;
  readonly budgetOf: ((tenant: string) => Budget | undefined) | undefined;
  readonly forest: IsolationForest | undefined;
  readonly random: () => number;
  readonly found: (finding: Finding) => void;
}

/** A refused request, from the channel `tollgate:refuse`. */
export interface Refusal {
  readonly code: string;
  readonly tenant: string | undefined;
  readonly keyId: string | undefined;
}

/** The forest learns one row of this many requests of keys. */
const rowsPerLearned = 8;
/** The mean risk of the latest requests below which a key is not followed any further. */
const leastRisk = 3;

function isConspicuous({ spend, requests, costs, conduct }: SubjectRecord, nowMs: number): boolean {
  const [five] = spend;
  const [minute] = requests;
  const isAbove = (one: Horizon): boolean => one.sum(nowMs) > (one.usual(nowMs) ?? Infinity);
  return (
    isAbove(five) ||
    isAbove(minute) ||
    (conduct?.failed(nowMs, 'refusals') ?? 0) > 0 ||
    (costs.compare()?.score ?? 0) > 2
  );
}

/** Whether a subject without history may do what its tenant does. */
const isPart = ({ kind }: Subject): boolean => kind === 'key' || kind === 'user' || kind === 'team';

/** For this long after one of its keys has risen, a tenant's rise is that key's. */
const hasRisenMs = 48 * hourMs;
/** Of a key, the score of a rise from which it is limited by the default policy. */
const strongRise = 6;

/** From this share on, a tenant's spending is one key's. */
const mostly = 0.8;
const isOneKeys = ({ contributors }: SubjectRecord): boolean =>
  contributors?.top().some(({ kind, share }) => kind === 'key' && share >= mostly) ?? false;

/** From events to findings: pure, with the clock as an input. Memory is bounded by `maxSubjects`. */
export class Analysis {
  readonly #records: BoundedMap<SubjectRecord>;
  readonly #credentials: CredentialWatch;
  readonly #risks: BoundedMap<Ewma>;
  readonly #forest: OnlineForest;
  #rows = 0;
  #evictions = 0;
  #latestMs = 0;

  constructor(private readonly settings: AnalysisSettings) {
    const { maxSubjects, forest, random } = settings;
    this.#records = new BoundedMap(maxSubjects, (record) => this.#evicted(record));
    this.#credentials = new CredentialWatch(maxSubjects, (subject, nowMs, suspicion) =>
      this.#found(subject, nowMs, suspicion),
    );
    this.#risks = new BoundedMap(maxSubjects);
    this.#forest = new OnlineForest(requestFeatures, random, forest);
  }

  /** Subjects whose record had to go for another within a day of their last request, so that their habits were lost. */
  get evictions(): number {
    return this.#evictions;
  }

  get forest(): IsolationForest | undefined {
    return this.#forest.forest;
  }

  /** Tenants that spent anything within the last day. */
  activeTenants(nowMs: number): number {
    let count = 0;
    for (const [, { subject, lastSeenMs }] of this.#records.entries()) {
      if (subject.kind === 'tenant' && nowMs - lastSeenMs < 24 * hourMs) count += 1;
    }
    return count;
  }

  /** The records of subjects that were seen at that time or later, ms since the epoch. */
  *learnedSince(sinceMs: number): Generator<readonly [subject: string, record: SubjectRecord]> {
    for (const entry of [...this.#records.entries()]) if (entry[1].lastSeenMs >= sinceMs) yield entry;
  }

  /** Takes a saved record, unless its subject has habits here already. */
  restore(saved: SavedRecord): void {
    const key = subjectKey(saved.subject);
    if (this.#records.peek(key)?.isWarm(saved.seenMs)) return;
    const record = new SubjectRecord(saved.subject);
    record.load(saved);
    this.#records.set(key, record);
    for (const network of record.networks?.known ?? []) this.#credentials.known(network);
  }

  /** Whether a habit of a subject's requests is known. */
  isUsualKnown(subject: Subject, nowMs: number): boolean {
    const { requests = [] } = this.#records.peek(subjectKey(subject)) ?? {};
    return requests.some(({ highs }) => highs.usual(nowMs) !== undefined);
  }

  /** How long a subject has to wait, in ms, until its requests and spending are below `times` its habit; `undefined`: they are, or none is known. */
  aboveUsual(subject: Subject, times: number, nowMs: number): number | undefined {
    const { requests, spend } = this.#records.peek(subjectKey(subject)) ?? {};
    if (!requests || !spend) return undefined;
    for (const horizon of [...requests, spend[1], spend[2]]) {
      const { highs, lengthMs } = horizon;
      const usual = highs.usual(nowMs);
      const least = lengthMs <= minuteMs ? leastPerMinute : 0;
      if (usual !== undefined && horizon.sum(nowMs) >= Math.max(times * usual, least))
        return lengthMs / slotsOfWait;
    }
    return undefined;
  }

  usage(event: UsageEvent, nowMs: number): void {
    const usd = Number(event.costNanoUsd) / 1e9;
    if (!Number.isFinite(usd) || event.kind !== 'usage') return;
    this.#latestMs = nowMs;
    const subjects = subjectsOf(event);
    const addition: Addition = {
      usd,
      tokens: event.inputTokens + event.outputTokens,
      outputTokens: event.outputTokens,
      print: event.promptHash,
      failed: event.outcome === 'error',
      route: event.route,
      model: event.model,
    };
    let tenant: SubjectRecord | undefined;
    let key: SubjectRecord | undefined;
    for (const { subject, key: name } of subjects) {
      const record = this.#recordOf(subject, name);
      record.add(nowMs, addition);
      record.contributors?.add(nowMs, subjects, usd);
      if (subject.kind === 'tenant') tenant = record;
      this.#reportUse(
        record,
        nowMs,
        spendAnomaly(record, nowMs, this.settings.minimumUsd, isPart(subject) ? tenant : undefined),
      );
      if (subject.kind !== 'global' && subject.kind !== 'team')
        this.#reportUse(record, nowMs, costAnomaly(record));
      if (subject.kind === 'key') key = record;
      if (subject.kind === 'key') this.#key(record, nowMs);
      if (subject.kind === 'tenant') this.#burn(record, nowMs, usd);
    }
    this.#rise(key, tenant, nowMs);
  }

  /** A key that rises is the narrower cause; a tenant rises where its keys do not, each by itself. */
  #rise(key: SubjectRecord | undefined, tenant: SubjectRecord | undefined, nowMs: number): void {
    const ofKey = key && slowRise(key, nowMs);
    if (key && ofKey) this.#reportUse(key, nowMs, ofKey);
    // Many keys may rise by little each: those are not the cause that a limit of their tenant would repeat.
    if (ofKey && ofKey.score >= strongRise && tenant) tenant.keyRoseMs = nowMs;
    const ofTenant = tenant && slowRise(tenant, nowMs);
    if (ofTenant && nowMs - (tenant.keyRoseMs ?? -Infinity) > hasRisenMs && !isOneKeys(tenant))
      this.#reportUse(tenant, nowMs, ofTenant);
  }

  refused({ code, tenant, keyId }: Refusal, nowMs: number): void {
    if (keyId === undefined) return;
    const record = this.#recordOf({ kind: 'key', name: keyId, tenant });
    if (limitCodes.has(code)) record.conduct?.fail(nowMs, 'refusals');
    if (code === 'prompt_rejected') record.conduct?.fail(nowMs, 'promptRefusals');
    this.#report(record, nowMs, quotaProbing(record, nowMs));
    this.#report(record, nowMs, promptProbing(record, nowMs));
  }

  presented(presented: Presented, nowMs: number): void {
    const { network, tenant, keyId, agent } = presented;
    if (keyId !== undefined) {
      const record = this.#recordOf({ kind: 'key', name: keyId, tenant });
      record.seenNetworks.add(nowMs, network, agent);
      this.#report(record, nowMs, newNetwork(record, nowMs));
      this.#report(record, nowMs, keySharing(record, nowMs, this.settings.networksPerKey));
    }
    this.#credentials.presented(presented, nowMs);
  }

  #key(record: SubjectRecord, nowMs: number): void {
    this.#reportUse(record, nowMs, agentLoop(record, nowMs));
    this.#reportUse(record, nowMs, scraping(record, nowMs));
    this.#rows += 1;
    const learns = this.#rows % rowsPerLearned === 0;
    const risk = this.#risks.peek(record.subject.name);
    // Most requests are like those before: the forest is asked only where something stands out already.
    if (!learns && !risk && !isConspicuous(record, nowMs)) return;
    const row = requestRow(record, nowMs);
    const { forest } = this.#forest;
    if (forest) this.#unlike(record, nowMs, forest, row);
    if (learns) this.#forest.learn(row);
  }

  #unlike(record: SubjectRecord, nowMs: number, forest: IsolationForest, row: number[]): void {
    const mean = this.#risks.use(record.subject.name, () => new Ewma(latestRisks));
    const score = forest.score(row);
    const risk = riskOf(row, score);
    mean.add(risk);
    if (mean.mean < leastRisk && mean.count >= latestRisks) this.#risks.delete(record.subject.name);
    if (mean.count >= latestRisks) this.#report(record, nowMs, unusual(mean.mean, row, score));
  }

  #burn(record: SubjectRecord, nowMs: number, usd: number): void {
    const budget = this.settings.budgetOf?.(record.subject.name);
    if (!budget) return;
    record.spending.add(nowMs, usd);
    this.#report(record, nowMs, burnRate(budget, record.spending, nowMs));
  }

  #report(record: SubjectRecord, nowMs: number, suspicion: Suspicion | undefined): void {
    if (suspicion) this.#found(record.subject, nowMs, suspicion, () => record.contributors?.top() ?? []);
  }

  /** Reports what a subject spends or asks, with what that costs. */
  #reportUse(record: SubjectRecord, nowMs: number, suspicion: Suspicion | undefined): void {
    if (!suspicion) return;
    const [five] = record.spend;
    const usdPerHour = Math.max(five.sum(nowMs) - (five.usual(nowMs) ?? 0), 0) * fiveMinutesInAnHour;
    this.#report(record, nowMs, { usdPerHour, ...suspicion });
  }

  #found(
    subject: Subject,
    atMs: number,
    suspicion: Suspicion | undefined,
    contributors: () => Finding['contributors'] = () => [],
  ): void {
    if (suspicion) this.settings.found({ ...suspicion, subject, atMs, contributors: contributors() });
  }

  #evicted({ lastSeenMs }: SubjectRecord): void {
    if (this.#latestMs - lastSeenMs > 24 * hourMs) return;
    this.#evictions += 1;
    warnOnce(
      'TOLLGATE_W_WATCH_EVICTS',
      `watch: more subjects were seen within a day than there is memory for (${this.#records.capacity}), so habits are lost and newcomers go unnoticed. Raise "maxBytes".`,
    );
  }

  #recordOf(subject: Subject, key = subjectKey(subject)): SubjectRecord {
    return this.#records.use(key, () => new SubjectRecord(subject));
  }
}
