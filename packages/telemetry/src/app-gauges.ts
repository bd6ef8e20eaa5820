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
  /** The ledger's spool: whether it can take hardly more, and the events that it had no room for; absent: there is no ledger. */
  readonly ledger?: { readonly isFull: boolean; readonly droppedCount: number } | undefined;
  /** What waits on its way into the ledger; absent: nothing is shown of it. */
  backlog?(): Promise<{ readonly outbox: { readonly waiting: number; readonly dead: number } | undefined }>;
  /** Reports without room, and notices that were given up; absent: no alerts. */
  readonly alerts?: { readonly dropped: number; readonly givenUp: number } | undefined;
  /** Subjects whose habits were lost for want of memory; absent: nothing is watched. */
  readonly watch?: { readonly evictions: number } | undefined;
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
  outboxGauges(app, registry, prefix);
  const { concurrency, ledger, alerts, watch } = app;
  if (ledger) {
    gauge('spool_full', '1 while the spool of usage events can take hardly more.', () =>
      Number(ledger.isFull),
    );
    gauge(
      'ledger_dropped_events',
      'Usage events that had no room, since the start.',
      () => ledger.droppedCount,
    );
  }
  if (alerts) {
    gauge('alerts_dropped', 'Reports that had no room, since the start.', () => alerts.dropped);
    gauge('alerts_given_up', 'Notices that were given up, since the start.', () => alerts.givenUp);
  }
  if (watch)
    gauge('watch_evictions', 'Subjects whose habits were lost, since the start.', () => watch.evictions);
  if (!concurrency) return;
  gauge('concurrency_running', 'Requests that have a permit.', () => concurrency.running);
  gauge('concurrency_waiting', 'Requests that wait for a permit.', () => concurrency.waiting);
  gauge('concurrency_limit', 'Permits at present.', () => concurrency.limit);
}

/** How long the state of the outbox is shown again, in ms: asking for it reads every stream. */
const rememberedMs = 10_000;

/** Adds gauges of the events that wait on Redis; while it does not answer, and where this process delivers none, they have no value. */
function outboxGauges(app: WatchedApp, registry: Registry, prefix: string): void {
  let known:
    | { readonly atMs: number; readonly backlog: ReturnType<NonNullable<WatchedApp['backlog']>> }
    | undefined;
  const outbox = async () => {
    if (!known || performance.now() - known.atMs > rememberedMs) {
      const backlog = app.backlog?.() ?? Promise.resolve({ outbox: undefined });
      known = { atMs: performance.now(), backlog };
    }
    return (await known.backlog.catch(() => undefined))?.outbox;
  };
  for (const [name, help, of] of [
    ['outbox_waiting', 'Usage events on Redis that a sink has not taken yet.', 'waiting'],
    ['outbox_dead', 'Usage events on Redis that were set aside, since a sink kept refusing them.', 'dead'],
  ] as const) {
    new Gauge({
      ...{ name: prefix + name, help, registers: [registry] },
      async collect() {
        const state = await outbox();
        if (state) this.set(state[of]);
        else this.remove();
      },
    });
  }
}
