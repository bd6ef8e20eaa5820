import type { UsageEvent } from '@tollgate/core';
import { BoundedMap } from '../features/bounded-map.js';
import { CredentialFailures } from '../features/credential-failures.js';
import { requestFeatures, requestRow } from '../features/request-row.js';
import { everybody, type Subject, subjectKey, subjectsOf } from '../features/subject.js';
import { type Addition, SubjectRecord } from '../features/subject-record.js';
import type { IsolationForest } from '../forest/isolation-forest.js';
import { OnlineForest } from '../forest/online-forest.js';
import type { Budget } from '../statistics/burn-rate.js';
import { Ewma } from '../statistics/ewma.js';
import { RateBaseline } from '../statistics/rate-baseline.js';
import { RollingSum } from '../statistics/rolling-sum.js';
import { agentLoop } from './agent-loop.js';
import { burnRate, burnWindowsMs } from './burn-rate.js';
import { costAnomaly } from './cost-anomaly.js';
import { credentialStuffing } from './credential-stuffing.js';
import type { Finding, Suspicion } from './finding.js';
import { keySharing } from './key-sharing.js';
import { limitCodes, promptProbing, quotaProbing } from './probing.js';
import { riskOf, unusual } from './risk.js';
import { scraping } from './scraping.js';
import { spendAnomaly } from './spend-anomaly.js';

const hourMs = 3_600_000;
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
}

/** From events to findings: pure, with the clock as an input. Memory is bounded by `maxSubjects`. */
export class Analysis {
  readonly #records: BoundedMap<SubjectRecord>;
  readonly #burns: BoundedMap<ReadonlyMap<number, RollingSum>>;
  readonly #networks: BoundedMap<CredentialFailures>;
  readonly #risks: BoundedMap<Ewma>;
  readonly #forest: OnlineForest;
  readonly #allFailures = new RollingSum(hourMs);
  readonly #usualFailures = new RateBaseline(
    hourMs,
    { minimumWindows: 24, capacity: 336, leastDeviation: 0.5 },
    undefined,
  );

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
    for (const subject of subjects) {
      const record = this.#recordOf(subject);
      record.add(nowMs, addition);
      record.contributors.add(nowMs, subjects, usd);
      this.#report(record, nowMs, spendAnomaly(record, nowMs, this.settings.minimumUsd));
      if (subject.kind !== 'global' && subject.kind !== 'team')
        this.#report(record, nowMs, costAnomaly(record));
      if (subject.kind === 'key') this.#key(record, nowMs);
      if (subject.kind === 'tenant') this.#burn(record, nowMs, usd);
    }
  }

  refused({ code, tenant, keyId }: Refusal, nowMs: number): void {
    if (keyId === undefined) return;
    const record = this.#recordOf({ kind: 'key', name: keyId, tenant });
    if (limitCodes.has(code)) record.refusals.add(nowMs, 1);
    if (code === 'prompt_rejected') record.promptRefusals.add(nowMs, 1);
    this.#report(record, nowMs, quotaProbing(record, nowMs));
    this.#report(record, nowMs, promptProbing(record, nowMs));
  }

  presented({ network, digest, isWrong, tenant, keyId }: Presented, nowMs: number): void {
    if (keyId !== undefined) {
      const record = this.#recordOf({ kind: 'key', name: keyId, tenant });
      record.networks.add(nowMs, network);
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
    if (failures.slow.count(nowMs) > knew) this.#everywhere(nowMs);
  }

  /** Many networks with few failures each: the same attack, spread out. */
  #everywhere(nowMs: number): void {
    this.#allFailures.add(nowMs, 1);
    this.#usualFailures.add(nowMs, 1);
    const deviation = this.#usualFailures.compare(nowMs, this.#allFailures.sum(nowMs));
    if (!deviation || deviation.score < 4 || deviation.seen < 50) return;
    const { expected, seen, score } = deviation;
    const features = [{ feature: 'credentialsFailedInAnHour', expected, seen }];
    this.#found(everybody, nowMs, { detector: 'credential-stuffing', score, features });
  }

  #key(record: SubjectRecord, nowMs: number): void {
    this.#report(record, nowMs, agentLoop(record, nowMs));
    this.#report(record, nowMs, scraping(record, nowMs));
    const row = requestRow(record, nowMs);
    const { forest } = this.#forest;
    if (forest) this.#unlike(record, nowMs, forest, row);
    this.#forest.learn(row);
  }

  #unlike(record: SubjectRecord, nowMs: number, forest: IsolationForest, row: number[]): void {
    const mean = this.#risks.use(record.subject.name, () => new Ewma(latestRisks));
    const score = forest.score(row);
    mean.add(riskOf(row, score));
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
