import { Gauge, type Registry } from 'prom-client';

/** The state of `tollgate()` that is read when the metrics are scraped. */
export interface WatchedApp {
  /** Whether the app accepts requests, as reported by `/readyz`. */
  readonly isReady: boolean;
  /** Requests admitted and not settled. */
  readonly inFlight: number;
  /** Admissions let through without the shared counters since the start. */
  readonly unverified: number;
  /** Admissions from credit leased in advance, since the start. */
  readonly fromGrace: number;
  /** Requests with a permit, waiting for one, and the present limit; absent: the app limits none. */
  readonly concurrency?:
    | { readonly running: number; readonly waiting: number; readonly limit: number }
    | undefined;
}

/** Adds gauges that ask an app when they are read. */
export function appGauges(app: WatchedApp, registry: Registry, prefix: string): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: prefix + name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('ready', '1 while the app takes requests.', () => Number(app.isReady));
  gauge('in_flight_requests', 'Requests admitted and not settled.', () => app.inFlight);
  gauge(
    'unverified_admissions',
    'Admissions without the shared counters since the start.',
    () => app.unverified,
  );
  gauge(
    'grace_admissions',
    'Admissions from credit leased in advance, since the start.',
    () => app.fromGrace,
  );
  const { concurrency } = app;
  if (!concurrency) return;
  gauge('concurrency_running', 'Requests that have a permit.', () => concurrency.running);
  gauge('concurrency_waiting', 'Requests that wait for a permit.', () => concurrency.waiting);
  gauge('concurrency_limit', 'Permits at present.', () => concurrency.limit);
}
