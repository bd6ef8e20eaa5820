import type { AlertKind, AlertReport } from './incident.js';

/** When reports of one kind and severity are a storm. */
export interface StormOptions {
  /** Incidents of one kind and severity that are reported one by one within that time; further ones are one incident together. Integer, 1 to 10 000. @defaultValue 20 */
  incidents?: number;
  /** In ms, 1 000 to 3 600 000. @defaultValue 60_000 (1 min) */
  withinMs?: number;
}

/** A storm that has not ended. */
interface Storm {
  readonly sinceMs: number;
  count: number;
  latestMs: number;
  readonly example: string;
}

/** Names of incidents that one storm remembers, so that each is counted once. */
const mostRemembered = 10_000;
/** The incident of a storm ends when nothing was added to it for this long, in ms. */
const quietMs = 900_000;

/**
 * Joins reports that come in storms: one incident for all further ones of a kind and severity, notified at its beginning and each time that it
 * has grown tenfold. So a storm of mild reports hides no severe one. Pure: the clock is an argument.
 */
export class Storms {
  /** By group: the incidents that were reported one by one, with the time of their first report. */
  readonly #single = new Map<string, Map<string, number>>();
  readonly #storms = new Map<string, Storm>();
  readonly #joined = new Set<string>();
  readonly #incidents: number;
  readonly #withinMs: number;

  constructor({ incidents = 20, withinMs = 60_000 }: StormOptions = {}) {
    this.#incidents = incidents;
    this.#withinMs = withinMs;
  }

  /** The report itself, or that of the storm which it is part of; `undefined`: it is counted, and there is nothing new to report. */
  take(report: AlertReport, nowMs: number): AlertReport | undefined {
    const group = `${report.kind}/${report.severity}`;
    const single = this.#single.get(group) ?? new Map<string, number>();
    this.#single.set(group, single);
    for (const [key, atMs] of single) {
      if (nowMs - atMs < this.#withinMs) break;
      single.delete(key);
    }
    if (single.has(report.key)) return report;
    if (single.size < this.#incidents) {
      single.set(report.key, nowMs);
      return report;
    }
    return this.#join(group, report, nowMs);
  }

  #join(group: string, { key, kind, severity, title }: AlertReport, nowMs: number): AlertReport | undefined {
    const before = this.#storms.get(group);
    const storm =
      before && nowMs - before.latestMs < quietMs
        ? before
        : { sinceMs: nowMs, count: 0, latestMs: nowMs, example: title };
    this.#storms.set(group, storm);
    const name = `${group} ${storm.sinceMs} ${key}`;
    storm.latestMs = nowMs;
    if (this.#joined.has(name)) return undefined;
    const [oldest] = this.#joined;
    if (this.#joined.size >= mostRemembered && oldest !== undefined) this.#joined.delete(oldest);
    this.#joined.add(name);
    storm.count += 1;
    if (!/^10*$/.test(String(storm.count))) return undefined;
    return {
      key: `storm/${group}`,
      kind,
      severity,
      title: `${inWords(storm.count)} about ${subjectOf(kind)} are not reported one by one, e.g.: ${storm.example}`,
      facts: { incidents: storm.count, since: new Date(storm.sinceMs).toISOString() },
      step: `${storm.sinceMs} ${storm.count}`,
      quietMs,
    };
  }
}

const inWords = (count: number): string =>
  count === 1 ? 'Many incidents: further ones' : `Many incidents: ${count} further ones`;

const subjects: Readonly<Record<AlertKind, string>> = {
  budget: 'budgets',
  store: 'stores',
  provider: 'providers',
  fault: 'faults',
  switch: 'switches',
  anomaly: 'unusual usage',
  custom: 'other matters',
};
const subjectOf = (kind: AlertKind): string => subjects[kind];
