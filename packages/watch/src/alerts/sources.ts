import { subscribe } from '@tollgate/core';
import { type ThresholdCrossing, type Unit, withinDeadline } from '@tollgate/core/internal';
import type { Mitigation } from '../ladder/mitigation.js';
import type { AlertReport } from './incident.js';
import { mitigationReport } from './mitigation-report.js';
import { Persistence } from './persistence.js';
import { overageReport, refusalReport, thresholdReport } from './threshold-report.js';

/** The unresolved part of a counter's charges in a window, in its unit; `undefined`: unknown. */
export type UnresolvedOf = (counter: string, window: string) => Promise<number | undefined>;

/** Filters and receiver of the sources' reports. */
export interface SourceOptions {
  readonly units: readonly Unit[];
  readonly ignore: readonly string[];
  readonly lastsMs: number;
  readonly now: () => number;
  readonly unresolved: UnresolvedOf | undefined;
  readonly report: (report: AlertReport) => void;
  readonly resolve: (key: string, why: string) => void;
}

const ownPlaces: readonly string[] = ['alerts', 'quota-store', 'redis-connection'];

type Facts = Readonly<Record<string, unknown>>;

/** An incident without a reported end ends when it was not seen for this long, in ms. */
const quietMs = 900_000;

/** How long an incident waits for the unresolved amount of its counter. In milliseconds. */
const unresolvedMs = 2_000;
/** Look-ups at a time; further incidents are reported without the figure. */
const mostWaiting = 16;

/** Listens to this process's channels; returns a function that stops it, whose promise resolves when everything has been reported. */
export function listen(options: SourceOptions): () => Promise<void> {
  const all = {
    budget: () => budgets(options),
    store: () => stores(options),
    provider: () => providers(options),
    fault: () => faults(options),
    switch: () => switches(options),
    watch: () => measures(options),
  };
  const ends = Object.entries(all)
    .filter(([name]) => !options.ignore.includes(name))
    .map(([, begin]) => begin());
  return async () => {
    await Promise.all(ends.map((end) => end()));
  };
}

function budgets({ units, now, unresolved, report }: SourceOptions): () => Promise<void> {
  const waiting = new Set<Promise<void>>();
  const tell = async (crossing: ThresholdCrossing, unresolvedOf: UnresolvedOf): Promise<void> => {
    const [atMs, { counter, window }] = [now(), crossing];
    const asked = Promise.resolve().then(() => unresolvedOf(counter, window));
    const amount = await withinDeadline(unresolvedMs, asked, () => new Error('late')).catch(() => undefined);
    report(thresholdReport(crossing, atMs, amount));
  };
  const end = subscribe('tollgate:threshold', (facts) => {
    if (!isCrossing(facts) || !units.includes(facts.unit)) return;
    if (!unresolved || waiting.size >= mostWaiting) return report(thresholdReport(facts, now()));
    const telling = tell(facts, unresolved).finally(() => waiting.delete(telling));
    waiting.add(telling);
  });
  const refused = new RecentKeys(mostRefused);
  const endRefusals = subscribe('tollgate:reserve', ({ ok, blockedBy, state }) => {
    // A request that is larger than the limit, or meets others that still run, does not show that the limit is used up.
    if (ok || blockedBy !== 'used' || !state || !units.includes(state.unit)) return;
    if (refused.isNew(`${state.counter}|${state.window}`)) report(refusalReport(state, now()));
  });
  const endOverages = subscribe('tollgate:overage', (facts) => {
    if (units.includes(facts.unit)) report(overageReport(facts, now()));
  });
  return async () => {
    end();
    endRefusals();
    endOverages();
    await Promise.all(waiting);
  };
}

/** Windows whose first refusal was reported; the oldest are forgotten, and their incidents are then updated. */
const mostRefused = 10_000;

/** The latest keys that were seen, at most `most`. */
class RecentKeys {
  readonly #keys = new Set<string>();

  constructor(private readonly most: number) {}

  isNew(key: string): boolean {
    if (this.#keys.has(key)) return false;
    const [oldest] = this.#keys;
    if (this.#keys.size >= this.most && oldest !== undefined) this.#keys.delete(oldest);
    this.#keys.add(key);
    return true;
  }
}

function isCrossing(facts: Facts): facts is Facts & ThresholdCrossing {
  return typeof facts.counter === 'string' && typeof facts.window === 'string' && Number(facts.threshold) > 0;
}

/** Reports only lasting failures: a store that is down for a moment is ignored. */
function stores({ lastsMs, now, report, resolve }: SourceOptions): () => void {
  const waiting = new Map<string, NodeJS.Timeout>();
  const failing = new Persistence(lastsMs, 60_000);
  const down = (key: string, store: string): void => {
    if (waiting.has(key)) return;
    const timer = setTimeout(
      () =>
        report({
          key,
          kind: 'store',
          severity: 'error',
          title: `The store ${store} does not answer`,
          facts: { store },
        }),
      lastsMs,
    );
    timer.unref();
    waiting.set(key, timer);
  };
  const end = subscribe('tollgate:store', ({ store, server, state, outcome, waiting: backlog }) => {
    const name = text(store) || 'quota';
    const key = `store/${name}${text(server) && `/${text(server)}`}`;
    if (state === 'down') down(key, name);
    else if (state === 'up') {
      clearTimeout(waiting.get(key));
      waiting.delete(key);
      resolve(key, 'it answers again');
    } else if (state === 'backlog') {
      const title = `Usage events wait: ${Number(backlog)}`;
      report({ key: `${key}/backlog`, kind: 'store', severity: 'warning', title, quietMs });
    } else if (outcome === 'unverified' || outcome === 'grace') {
      const title = `Requests are admitted without the shared counters (${outcome})`;
      report({ key: `store/${outcome}`, kind: 'store', severity: 'error', title, quietMs });
    } else if (outcome === 'failed' && failing.hasLasted(name, now())) {
      const title = `Calls of the store ${name} fail`;
      report({ key: `store/${name}/failing`, kind: 'store', severity: 'warning', title, quietMs });
    }
  });
  return () => {
    end();
    for (const timer of waiting.values()) clearTimeout(timer);
  };
}

function providers({ report, resolve }: SourceOptions): () => void {
  return subscribe('tollgate:upstream', (facts) => {
    const { target, breaker, provider, status, credential_refused: refused } = facts;
    const key = `provider/${text(target)}`;
    if (breaker === 'open') {
      const title = `The provider ${text(target)} fails: its circuit breaker is open`;
      report({ key, kind: 'provider', severity: 'error', title, facts: { target: text(target) } });
    } else if (breaker === 'closed') resolve(key, 'it answers again');
    else if (refused === true) {
      report({
        key: `provider/${text(provider)}/credential`,
        kind: 'provider',
        severity: 'critical',
        title: `The provider ${text(provider)} refuses our key`,
        facts: { provider: text(provider), status: Number(status) },
        quietMs,
      });
    }
  });
}

/** Reports only the place of a fault: an error's message may contain anything. */
function faults({ report }: SourceOptions): () => void {
  return subscribe('tollgate:fault', ({ where, source, what }) => {
    const place = text(where) || text(source);
    // Reports about the alerts' own stores would cause further ones; those of Redis are reported as a store's.
    if (place === '' || ownPlaces.includes(place)) return;
    report({
      key: `fault/${place}`,
      kind: 'fault',
      severity: 'warning',
      title: `Something failed and was caught: ${place}`,
      facts: { place, what: text(what) || undefined },
      quietMs,
    });
  });
}

function switches({ ignore, report, resolve }: SourceOptions): () => void {
  let off = new Set<string>();
  return subscribe('tollgate:switch', (facts) => {
    const now = new Set(namesIn(facts.off));
    // Entries that watch() has switched off are reported with their reason, by the listener to watch.
    if (!ignore.includes('watch')) for (const name of namesIn(facts.byWatch)) now.delete(name);
    for (const name of now) {
      if (off.has(name)) continue;
      const isOne = /^(key|user|team):/.test(name);
      const title = `Switched off: ${name.replace(/:$/, '')}`;
      report({ key: `switch/${name}`, kind: 'switch', severity: isOne ? 'warning' : 'error', title });
    }
    for (const name of off) if (!now.has(name)) resolve(`switch/${name}`, 'it is on again');
    off = now;
  });
}

/** Mitigations of `watch()`, and their subjects; observations are not reported. */
function measures({ report }: SourceOptions): () => void {
  return subscribe('tollgate:watch', (facts) => {
    if (!isMitigation(facts)) return;
    const found = mitigationReport(facts);
    if (found) report(found);
  });
}

function isMitigation(facts: Facts): facts is Facts & Mitigation {
  return ['action', 'target', 'finding'].every((name) => typeof facts[name] === 'object');
}

const namesIn = (value: unknown): string[] => (Array.isArray(value) ? value.map(text) : []);

const text = (value: unknown): string =>
  typeof value === 'string' ? value.slice(0, 150) : typeof value === 'number' ? String(value) : '';
