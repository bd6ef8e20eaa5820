import type { UsageEvent } from '@tollgate/core';
import { BoundedMap } from '../features/bounded-map.js';
import { CredentialFailures } from '../features/credential-failures.js';
import type { Horizon } from '../features/horizon.js';
import type { Addition } from '../features/key-conduct.js';
import { requestFeatures, requestRow } from '../features/request-row.js';
import { everybody, type Subject, subjectKey, subjectsOf } from '../features/subject.js';
import { type SavedRecord, SubjectRecord } from '../features/subject-record.js';
import type { IsolationForest } from '../forest/isolation-forest.js';
import { OnlineForest } from '../forest/online-forest.js';
import type { Budget } from '../statistics/burn-rate.js';
import { DayHighs } from '../statistics/day-highs.js';
import { Ewma } from '../statistics/ewma.js';
import { RollingSum } from '../statistics/rolling-sum.js';
import { agentLoop } from './agent-loop.js';
import { burnRate, burnWindowsMs } from './burn-rate.js';
import { costAnomaly } from './cost-anomaly.js';
import { credentialStuffing } from './credential-stuffing.js';
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
/** A limited subject may send so many requests in a minute, however few it usually sends. */
const leastPerMinute = 5;
/** It is asked to wait this part of the time in which it was above its habit: sums advance by it. */
const slotsOfWait = 12;
/** Different wrong credentials of all networks in an hour that surprise nobody, and the deviation of their logarithm. */
const usualFailuresInAnHour = 15;
const deviationOfFailures = 0.35;
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

/** How the credentials of a request fared. */
export interface Presented {
  readonly network: string;
  /** A keyed digest of the presented credential; absent where there was none. */
  readonly digest: string | undefined;
  readonly isWrong: boolean;
  readonly tenant: string | undefined;
  readonly keyId: string | undefined;
  /** The name of the client's software without its version, from the header `user-agent`. */
  readonly agent?: string | undefined;
}

/** Of a key's requests, one in so many is a row that the forest learns. */
const rowsPerLearned = 8;
/** The mean risk of the latest requests below which a key is not followed any further. */
const leastRisk = 3;

function isConspicuous({ spend, requests, costs, conduct }: SubjectRecord, nowMs: number): boolean {
  const [five] = spend;
  const [minute] = requests;
  const isAbove = (one: Horizon): boolean => one.sum.sum(nowMs) > (one.highs.usual(nowMs) ?? Infinity);
  return (
    isAbove(five) ||
    isAbove(minute) ||
    (conduct?.refusals.sum(nowMs) ?? 0) > 0 ||
    (costs.compare()?.score ?? 0) > 2
  );
}

/** Whether a subject without history may do what its tenant does. */
const isPart = ({ kind }: Subject): boolean => kind === 'key' || kind === 'user' || kind === 'team';

/** From this share on, a tenant's spending is one key's. */
const mostly = 0.8;
const isOneKeys = ({ contributors }: SubjectRecord): boolean =>
  contributors.top().some(({ kind, share }) => kind === 'key' && share >= mostly);

/** From events to findings: pure, with the clock as an input. Memory is bounded by `maxSubjects`. */
export class Analysis {
  readonly #records: BoundedMap<SubjectRecord>;
  readonly #burns: BoundedMap<ReadonlyMap<number, RollingSum>>;
  readonly #networks: BoundedMap<CredentialFailures>;
  readonly #risks: BoundedMap<Ewma>;
  readonly #forest: OnlineForest;
  #rows = 0;
  readonly #allFailures = new RollingSum(hourMs);
  readonly #usualFailures = new DayHighs();
  /** Until when wrong credentials come from everywhere. */
  #attackUntilMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly settings: AnalysisSettings) {
    const { maxSubjects, forest, random } = settings;
    this.#records = new BoundedMap(maxSubjects);
    this.#burns = new BoundedMap(maxSubjects);
    this.#networks = new BoundedMap(maxSubjects);
    this.#risks = new BoundedMap(maxSubjects);
    this.#forest = new OnlineForest(requestFeatures, random, forest);
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
  }

  /** How long a subject has to wait, in ms, until its requests and spending are below `times` its habit; `undefined`: they are, or none is known. */
  aboveUsual(subject: Subject, times: number, nowMs: number): number | undefined {
    const { requests, spend } = this.#records.peek(subjectKey(subject)) ?? {};
    if (!requests || !spend) return undefined;
    for (const { sum, highs, lengthMs } of [...requests, spend[1], spend[2]]) {
      const usual = highs.usual(nowMs);
      const least = lengthMs <= minuteMs ? leastPerMinute : 0;
      if (usual !== undefined && sum.sum(nowMs) >= Math.max(times * usual, least))
        return lengthMs / slotsOfWait;
    }
    return undefined;
  }

  usage(event: UsageEvent, nowMs: number): void {
    const usd = Number(event.costNanoUsd) / 1e9;
    if (!Number.isFinite(usd) || event.kind !== 'usage') return;
    const subjects = subjectsOf(event);
    const addition: Addition = {
      usd,
      tokens: event.inputTokens + event.outputTokens,
      outputTokens: event.outputTokens,
      print: event.promptHash,
      failed: event.outcome === 'error',
    };
    let tenant: SubjectRecord | undefined;
    for (const subject of subjects) {
      const record = this.#recordOf(subject);
      record.add(nowMs, addition);
      record.contributors.add(nowMs, subjects, usd);
      if (subject.kind === 'tenant') tenant = record;
      this.#reportUse(
        record,
        nowMs,
        spendAnomaly(record, nowMs, this.settings.minimumUsd, isPart(subject) ? tenant : undefined),
      );
      if (subject.kind !== 'global' && subject.kind !== 'team')
        this.#reportUse(record, nowMs, costAnomaly(record));
      if (subject.kind === 'key' || (subject.kind === 'tenant' && !isOneKeys(record)))
        this.#reportUse(record, nowMs, slowRise(record, nowMs));
      if (subject.kind === 'key') this.#key(record, nowMs);
      if (subject.kind === 'tenant') this.#burn(record, nowMs, usd);
    }
  }

  refused({ code, tenant, keyId }: Refusal, nowMs: number): void {
    if (keyId === undefined) return;
    const record = this.#recordOf({ kind: 'key', name: keyId, tenant });
    if (limitCodes.has(code)) record.conduct?.refusals.add(nowMs, 1);
    if (code === 'prompt_rejected') record.conduct?.promptRefusals.add(nowMs, 1);
    this.#report(record, nowMs, quotaProbing(record, nowMs));
    this.#report(record, nowMs, promptProbing(record, nowMs));
  }

  presented({ network, digest, isWrong, tenant, keyId, agent }: Presented, nowMs: number): void {
    if (keyId !== undefined) {
      const record = this.#recordOf({ kind: 'key', name: keyId, tenant });
      record.seenNetworks.add(nowMs, network, agent);
      this.#report(record, nowMs, newNetwork(record, nowMs));
      this.#report(record, nowMs, keySharing(record, nowMs, this.settings.networksPerKey));
    }
    const failures = this.#networks.use(network, () => new CredentialFailures());
    if (!isWrong || digest === undefined) {
      failures.successes.add(nowMs, isWrong ? 0 : 1);
      return;
    }
    const knew = failures.slow.count(nowMs);
    failures.fail(nowMs, digest);
    this.#found({ kind: 'network', name: network }, nowMs, credentialStuffing(failures, nowMs));
    if (failures.slow.count(nowMs) > knew) this.#everywhere(failures, network, nowMs);
  }

  /** Many networks with few failures each: the same attack, spread out. While it lasts, one failure of an unknown network is enough. */
  #everywhere(failures: CredentialFailures, network: string, nowMs: number): void {
    this.#allFailures.add(nowMs, 1);
    const seen = this.#allFailures.sum(nowMs);
    this.#usualFailures.see(nowMs, seen);
    const expected = Math.max(this.#usualFailures.usual(nowMs) ?? 0, usualFailuresInAnHour);
    const features = [{ feature: 'credentialsFailedInAnHour', expected, seen }];
    const score = Math.log(seen / expected) / deviationOfFailures;
    if (score >= 4) {
      this.#attackUntilMs = nowMs + hourMs;
      this.#found(everybody, nowMs, { detector: 'credential-stuffing', score, features });
    }
    if (nowMs >= this.#attackUntilMs || failures.successes.sum(nowMs) > 0) return;
    this.#found({ kind: 'network', name: network }, nowMs, {
      detector: 'credential-stuffing',
      score: 8,
      features,
    });
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

  #burn({ subject, contributors }: SubjectRecord, nowMs: number, usd: number): void {
    const budget = this.settings.budgetOf?.(subject.name);
    if (!budget) return;
    const sums = this.#burns.use(
      subject.name,
      () => new Map(burnWindowsMs.map((ms) => [ms, new RollingSum(ms)])),
    );
    for (const sum of sums.values()) sum.add(nowMs, usd);
    this.#found(subject, nowMs, burnRate(budget, sums, nowMs), () => contributors.top());
  }

  #report(record: SubjectRecord, nowMs: number, suspicion: Suspicion | undefined): void {
    if (suspicion) this.#found(record.subject, nowMs, suspicion, () => record.contributors.top());
  }

  /** Reports what a subject spends or asks, with what that costs. */
  #reportUse(record: SubjectRecord, nowMs: number, suspicion: Suspicion | undefined): void {
    if (!suspicion) return;
    const { sum, highs } = record.spend[0];
    const usdPerHour = Math.max(sum.sum(nowMs) - (highs.usual(nowMs) ?? 0), 0) * fiveMinutesInAnHour;
    this.#report(record, nowMs, { ...suspicion, usdPerHour });
  }

  #found(
    subject: Subject,
    atMs: number,
    suspicion: Suspicion | undefined,
    contributors: () => Finding['contributors'] = () => [],
  ): void {
    if (suspicion) this.settings.found({ ...suspicion, subject, atMs, contributors: contributors() });
  }

  #recordOf(subject: Subject): SubjectRecord {
    return this.#records.use(subjectKey(subject), () => new SubjectRecord(subject));
  }
}
