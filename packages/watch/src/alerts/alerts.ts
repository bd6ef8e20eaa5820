import { setTimeout as delay } from 'node:timers/promises';
import { memoryAlerts } from '@tollgate/core';
import { type AlertStore, publish } from '@tollgate/core/internal';
import { AlertOutbox } from './alert-outbox.js';
import { type AlertsOptions, readAlertsOptions } from './alerts-options.js';
import { cleanReport, cleanText } from './clean-report.js';
import type { AlertReport } from './incident.js';
import { IncidentStore } from './incident-store.js';
import { NotificationSender } from './notification-sender.js';
import { listen } from './sources.js';
import { Storms } from './storms.js';

/** Sends notifications. Its functions neither throw into the app nor delay it. */
export interface Alerts {
  /**
   * Opens an incident, or updates the open one of the same key. Text that looks like a secret is masked, long text cut. An invalid report
   * is published on `tollgate:fault` and dropped.
   */
  raise(report: AlertReport): void;
  /** It is over. */
  resolve(key: string, why: string): void;
  /** A person takes care of it; receivers are notified once. */
  acknowledge(key: string, by: string): void;
  /** Reports of this process that had no room, for a metric. */
  readonly dropped: number;
  /** Notices that this process has given up, for a metric. */
  readonly givenUp: number;
  /**
   * Stops listening, stores pending reports, and lets deliveries under way end for `graceMs`. Waiting notifications stay in the store for
   * other processes and the next start. @defaultValue graceMs 2_000
   */
  close(options?: { graceMs?: number }): Promise<void>;
}

/**
 * Notifies people of events: shares of budgets, stores and providers that fail, faults, switched-off entries, and the app's own reports.
 * One incident for each key until it is resolved; receivers are notified once of each new step, by the first process that takes it, with
 * retries until they accept it. Throws a `TypeError` for a wrong or unknown option.
 */
export function alerts(options: AlertsOptions): Alerts {
  const settings = readAlertsOptions(options);
  const { to: destinations, now, when } = settings;
  const placeOn = (store: AlertStore) => {
    const book = new IncidentStore(store, destinations);
    return { book, sender: new NotificationSender({ ...settings, store, book, destinations }) };
  };
  const shared = placeOn(settings.store);
  const own = placeOn(memoryAlerts({ maxWaiting: 1_000 }));
  const storms = settings.storm === false ? undefined : new Storms(settings.storm);
  const outbox = new AlertOutbox({ shared, own, aloneAfterMs: settings.aloneAfterMs, now, storms });
  const senders = [shared.sender, own.sender];
  const faulty = (error: unknown): void =>
    publish('tollgate:fault', () => ({ source: 'alerts', what: 'wrong report', error: String(error) }));
  const isWanted = (report: AlertReport): boolean => {
    try {
      return when?.(report) !== false;
    } catch (error) {
      faulty(error);
      return true;
    }
  };
  const report = (given: AlertReport): void => {
    try {
      const clean = cleanReport(given);
      if (isWanted(clean)) outbox.report(clean);
    } catch (error) {
      faulty(error);
    }
  };
  const resolve = (key: string, why: string): void =>
    outbox.put(cleanText(String(key)), { what: 'resolve', why: cleanText(String(why)), atMs: now() });
  const unlisten = listen({ ...settings, report, resolve });
  let closing: Promise<void> | undefined;
  return {
    raise: report,
    resolve,
    acknowledge: (key, by) =>
      outbox.put(cleanText(String(key)), { what: 'acknowledge', by: cleanText(String(by)), atMs: now() }),
    get dropped() {
      return outbox.dropped;
    },
    get givenUp() {
      return shared.sender.givenUp + own.sender.givenUp;
    },
    close: ({ graceMs = 2_000 } = {}) => {
      closing ??= (async () => {
        await unlisten();
        await outbox.end();
        await Promise.all(senders.map((sender) => sender.round()));
        const until = performance.now() + graceMs;
        while (performance.now() < until && senders.some((sender) => !sender.isIdle)) await delay(10);
        for (const sender of senders) sender.end();
      })();
      return closing;
    },
  };
}
