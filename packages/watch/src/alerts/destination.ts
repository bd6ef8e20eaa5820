import type { Incident, IncidentEvent, Severity } from './incident.js';

/** The content of a notification. */
export interface AlertNotice {
  /** The same however often it is sent: what a receiver has seen under it, it need not look at again. */
  readonly id: string;
  readonly event: IncidentEvent;
  /** The incident as this event left it. */
  readonly incident: Incident;
}

/** Somewhere to tell people. */
export interface AlertDestination {
  /** Unlike that of the app's other destinations; what waits for one is kept under it over restarts. */
  readonly name: string;
  /** Incidents that have never been as bad are not told. @defaultValue 'info' */
  readonly atLeast?: Severity | undefined;
  /** Resolves when it was received. Rejects otherwise; a {@link DeliveryFailure} says whether and when to try again. */
  send(notice: AlertNotice, signal: AbortSignal): Promise<void>;
}

/** Options of every destination. */
export interface DestinationOptions {
  /** Unlike that of the app's other destinations; keep it while alerts wait. @defaultValue the kind, e.g. 'webhook' */
  name?: string;
  /** Incidents that have never been as bad are not told: `info`, `warning`, `error` or `critical`. @defaultValue 'info' */
  atLeast?: Severity;
}

/** A receiver did not take a notice. */
export class DeliveryFailure extends Error {
  override readonly name = 'DeliveryFailure';
  /** How long the receiver wants to be left alone, in ms. */
  readonly retryAfterMs: number | undefined;
  /** It would say the same again. */
  readonly isFinal: boolean;

  constructor(what: string, facts: { retryAfterMs?: number | undefined; isFinal?: boolean } = {}) {
    super(what);
    this.retryAfterMs = facts.retryAfterMs;
    this.isFinal = facts.isFinal ?? false;
  }
}
