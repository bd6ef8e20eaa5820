import { setTimeout as delay } from 'node:timers/promises';
import { publish } from '@tollgate/core/internal';
import { Gauge, type Registry } from 'prom-client';

/** A cap in its running window, as `capUsage()` of `@tollgate/reports` returns it. Amounts are in the unit, nano-dollars for `usd`. */
export interface LimitFigures {
  readonly tenant: string;
  readonly team: string | null;
  readonly user: string | null;
  readonly key: string | null;
  readonly limit: string;
  readonly unit: string;
  readonly cap: number;
  readonly used: number;
  /** When the window ends, ISO 8601. */
  readonly resetsAt: string;
}

const most = 100;
/** How long figures are shown again, in ms: computing them reads a month of the ledger. */
const keptMs = 60_000;
/** How long a scrape waits for them, in ms. */
const waitMs = 1_000;
const labelNames = ['tenant', 'subject', 'limit', 'unit'] as const;

/**
 * Gauges of the 100 fullest limits, asked when the metrics are scraped, once a minute at most. Figures that cannot be had are left out, and
 * reported on `tollgate:fault`; a scrape waits for them a second at most.
 */
export function fullestLimits(
  read: () => Promise<readonly LimitFigures[]>,
  registry: Registry,
  prefix: string,
  now: () => number,
): void {
  let shown: readonly LimitFigures[] = [];
  let askedMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    try {
      shown = (await read()).slice(0, most);
      askedMs = now();
    } catch (error) {
      shown = [];
      publish('tollgate:fault', () => ({ source: 'metrics', what: 'limits', error: String(error) }));
    } finally {
      asking = undefined;
    }
  }

  /** All gauges of a scrape wait for the same answer. */
  async function fresh(): Promise<void> {
    if (now() - askedMs < keptMs) return;
    asking ??= ask();
    const timer = new AbortController();
    const late = delay(waitMs, undefined, { signal: timer.signal, ref: false }).catch(() => undefined);
    await Promise.race([asking, late]);
    timer.abort();
  }

  const gauge = (
    name: string,
    help: string,
    figureOf: (one: LimitFigures, scale: number) => number,
  ): void => {
    new Gauge({
      ...{ name: prefix + name, help, labelNames, registers: [registry] },
      async collect() {
        await fresh();
        this.reset();
        for (const one of shown) {
          const labels = { tenant: one.tenant, subject: subjectOf(one), limit: one.limit, unit: one.unit };
          this.set(labels, figureOf(one, one.unit === 'usd' ? 1e9 : 1));
        }
      },
    });
  };
  gauge('budget_limit', 'Cap of the limit; dollars for unit="usd".', ({ cap }, scale) => cap / scale);
  gauge('budget_used', 'Used of it in the running window, by the ledger.', ({ used }, scale) => used / scale);
  gauge('budget_resets_seconds', 'Until the window ends.', ({ resetsAt }) =>
    Math.max(0, (Date.parse(resetsAt) - now()) / 1_000),
  );
}

function subjectOf({ team, user, key }: LimitFigures): string {
  if (key !== null) return `key ${key}`;
  if (user !== null) return `user ${user}`;
  return team === null ? '' : `team ${team}`;
}
