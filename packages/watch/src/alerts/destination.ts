import type { Incident, IncidentEvent, Severity } from './incident.js';

/** The content of a notification. */
export interface AlertNotice {
  /** The same for every delivery of a notification, so that a receiver recognises a repetition. */
  readonly id: string;
  readonly event: IncidentEvent;
  /** The incident as this event left it. */
  readonly incident: Incident;
}

/** A receiver of notifications. */
export interface AlertDestination {
  /** Unique among the app's destinations; waiting notifications are stored under it over restarts. */
  readonly name: string;
  /** Incidents below this severity are not sent. @defaultValue 'info' */
  readonly atLeast?: Severity | undefined;
  /** Resolves when it was received. Rejects otherwise; a {@link DeliveryFailure} states whether and when to try again. */
  send(notice: AlertNotice, signal: AbortSignal): Promise<void>;
}

/** Options of every destination. */
export interface DestinationOptions {
  /** Unlike that of the app's other destinations; keep it while alerts wait. @defaultValue the kind, e.g. 'webhook' */
  name?: string;
  /** Incidents below this severity are not sent: `info`, `warning`, `error` or `critical`. @defaultValue 'info' */
  atLeast?: Severity;
}

/** A receiver did not take a notice. */
export class DeliveryFailure extends Error {
  override readonly name = 'DeliveryFailure';
  /** The wait that the receiver requests, in ms. */
  readonly retryAfterMs: number | undefined;
  /** A retry would fail in the same way. */
  readonly isFinal: boolean;

  constructor(what: string, facts: { retryAfterMs?: number | undefined; isFinal?: boolean } = {}) {
    super(what);
    this.retryAfterMs = facts.retryAfterMs;
    this.isFinal = facts.isFinal ?? false;
  }
}
