import { newId } from '@tollgate/core/internal';

/** How bad it is, as PagerDuty names it; rising. */
export const severities = Object.freeze(['info', 'warning', 'error', 'critical'] as const);
export type Severity = (typeof severities)[number];

/** The subject of alerts: sources that they listen to themselves, and reports of the app or a detector. */
export type AlertKind = 'budget' | 'store' | 'provider' | 'fault' | 'switch' | 'anomaly' | 'custom';

/** A change of an incident. */
export type IncidentEvent = 'opened' | 'updated' | 'acknowledged' | 'resolved';

/** A report of something that a person should know. Ids and numbers; never prompts or secrets. */
export interface AlertReport {
  /** Names the incident, 1 to 200 characters: while it is open, every report of this key, from whatever process, is part of it. */
  readonly key: string;
  readonly kind: AlertKind;
  readonly severity: Severity;
  /** One line for a person. */
  readonly title: string;
  /** Known facts: at most 20, names and texts are cut. */
  readonly facts?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  /** The new state: receivers are notified of each step once, and not of reports without anything new. */
  readonly step?: string | undefined;
  /** The instant at which the incident ends by itself, e.g. with its window, ms since the epoch. A key ends so but once. */
  readonly endsAtMs?: number | undefined;
  /**
   * It ends by itself when there was no report of it for this long, in ms; of several reports with anything new the longest counts. Absent:
   * when it is resolved.
   */
  readonly quietMs?: number | undefined;
}

/** One line of an incident's history. */
export interface TimelineEntry {
  readonly sequence: number;
  readonly event: IncidentEvent;
  readonly atMs: number;
  readonly severity: Severity;
  readonly title: string;
}

/** A condition that lasts until it is resolved, and its history. */
export interface Incident {
  /** UUIDv7. */
  readonly id: string;
  readonly key: string;
  readonly kind: AlertKind;
  /** The worst that was reported. */
  readonly severity: Severity;
  readonly state: 'open' | 'updated' | 'resolved';
  readonly title: string;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
  /** Number of the latest event; each has one more. */
  readonly sequence: number;
  readonly openedAtMs: number;
  readonly updatedAtMs: number;
  readonly resolvedAtMs?: number | undefined;
  /** Why it was resolved. */
  readonly resolution?: string | undefined;
  readonly acknowledgedBy?: string | undefined;
  /** The first and the latest events, 50 at most. */
  readonly timeline: readonly TimelineEntry[];
}

/** A stored incident, with the fields that are not sent. */
export interface KeptIncident extends Incident {
  readonly steps: readonly string[];
  readonly seenAtMs: number;
  readonly endsAtMs?: number | undefined;
  readonly quietMs?: number | undefined;
}

/** A change to apply to an incident. */
export type IncidentChange = { readonly atMs: number } & (
  | { readonly what: 'report'; readonly report: AlertReport }
  | { readonly what: 'acknowledge'; readonly by: string }
  | { readonly what: 'resolve'; readonly why: string }
);

/** The changed incident; without `event` no notification is needed. */
export interface Advanced {
  readonly incident: KeptIncident;
  readonly event?: IncidentEvent | undefined;
}

/** An incident that is reported without anything new is stored again only after this long, in ms. */
const sightingMs = 30_000;
const mostEntries = 50;
const mostSteps = 100;

/** Applies a change to an incident; `undefined` where it changes nothing. */
export function advance(before: KeptIncident | undefined, change: IncidentChange): Advanced | undefined {
  const open = before && before.state !== 'resolved' ? before : undefined;
  if (change.what === 'report') {
    return open ? updated(open, change.report, change.atMs) : opened(before, change.report, change.atMs);
  }
  if (!open) return undefined;
  if (change.what === 'acknowledge') {
    if (open.acknowledgedBy !== undefined) return undefined;
    return told({ ...open, acknowledgedBy: change.by }, 'acknowledged', change.atMs, open.title);
  }
  const resolved = { ...open, state: 'resolved' as const, resolvedAtMs: change.atMs, resolution: change.why };
  return told(resolved, 'resolved', change.atMs, open.title);
}

function opened(before: KeptIncident | undefined, report: AlertReport, atMs: number): Advanced | undefined {
  // A report by another process from before the end belongs to the ended incident.
  if (before?.resolvedAtMs !== undefined && atMs <= before.resolvedAtMs) return undefined;
  if ((before?.resolvedAtMs ?? 0) >= (before?.endsAtMs ?? Number.POSITIVE_INFINITY)) return undefined;
  const { key, kind, severity, title, step, endsAtMs, quietMs } = report;
  const incident: KeptIncident = {
    id: newId(atMs),
    key,
    kind,
    severity,
    state: 'open',
    title,
    facts: factsOf(report),
    sequence: 0,
    openedAtMs: atMs,
    updatedAtMs: atMs,
    timeline: [],
    steps: step === undefined ? [] : [step],
    seenAtMs: atMs,
    ...(endsAtMs !== undefined && { endsAtMs }),
    ...(quietMs !== undefined && { quietMs }),
  };
  return told(incident, 'opened', atMs, title);
}

function updated(open: KeptIncident, report: AlertReport, atMs: number): Advanced | undefined {
  const { severity, title, step } = report;
  const quietMs = open.quietMs === undefined ? undefined : Math.max(open.quietMs, report.quietMs ?? 0);
  const isWorse = rank(severity) > rank(open.severity);
  const isNew = step !== undefined && !open.steps.includes(step) && open.steps.length < mostSteps;
  const seenAtMs = Math.max(atMs, open.seenAtMs);
  if (!isWorse && !isNew) {
    return atMs - open.seenAtMs < sightingMs ? undefined : { incident: { ...open, seenAtMs } };
  }
  const incident: KeptIncident = {
    ...open,
    severity: isWorse ? severity : open.severity,
    state: 'updated',
    title,
    facts: factsOf(report),
    steps: isNew ? [...open.steps, step] : open.steps,
    seenAtMs,
    ...(quietMs !== undefined && { quietMs }),
  };
  return told(incident, 'updated', atMs, title, severity);
}

/** Writes an event into the history. */
function told(
  incident: KeptIncident,
  event: IncidentEvent,
  atMs: number,
  title: string,
  severity = incident.severity,
): Advanced {
  const sequence = incident.sequence + 1;
  const entry: TimelineEntry = { sequence, event, atMs, severity, title };
  const [first, ...rest] = incident.timeline;
  const timeline = first ? [first, ...rest.slice(2 - mostEntries), entry] : [entry];
  return { incident: { ...incident, sequence, updatedAtMs: atMs, timeline }, event };
}

export const rank = (severity: Severity): number => severities.indexOf(severity);

function factsOf({ facts = {} }: AlertReport): Record<string, string | number | boolean> {
  const known: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(facts)) if (value !== undefined) known[name] = value;
  return known;
}
