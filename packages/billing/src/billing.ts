import { describeValue } from '@tollgate/core/internal';
import { type BillingOptions, readBillingOptions } from './billing-options.js';
import { type BillingStatus, statusOf } from './billing-status.js';
import { Outbox } from './outbox.js';
import { type BillingLine, reconcileMeter } from './reconcile-billing.js';
import { Sender } from './sender.js';
import { makeTables } from './tables.js';

/** The results of a run, in events. */
export interface BillingRun {
  /** Written into the outbox. */
  readonly written: number;
  readonly taken: number;
  /** To be tried again later. */
  readonly failed: number;
  readonly setAside: number;
  readonly withoutCustomer: number;
}

export interface Billing {
  /**
   * Writes the usage since the last run into the outbox, and sends the events that are due. Run it every few minutes, in any number of
   * processes. Stops when sending fails for all; rejects while the database is away. After a crash at any point, the next run continues.
   */
  run(): Promise<BillingRun>;
  /** Waiting, accepted and set-aside events, the latter with their reasons. */
  status(): Promise<BillingStatus>;
  /** Compares ledger, outbox and provider for a period of whole slices, `'2026-10-01T00:00:00Z'`. */
  reconcile(period: { from: string; to: string }): Promise<BillingLine[]>;
  /** Decides about an event that was set aside: `send` it after all, or note that the provider has `taken` it. `false`: there is none. */
  resolve(identifier: string, decision: 'send' | 'taken'): Promise<boolean>;
}

/**
 * Bills the ledger's usage: one event for each tenant, meter and slice of time, written into an outbox in the ledger's database before it
 * is sent, and sent until the provider accepts it, once. Throws a `TypeError` for a wrong or unknown option.
 */
export function billing(options: BillingOptions): Billing {
  const settings = readBillingOptions(options);
  const { database, provider, meters, slice, sliceMs, now } = settings;
  const outbox = new Outbox(database, provider.name);
  const sender = new Sender(outbox, settings);
  let made: Promise<void> | undefined;

  async function ready(): Promise<void> {
    await database.ready();
    made ??= makeTables(database).catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  }

  async function write(): Promise<number> {
    const dayMs = 86_400_000;
    const floor = (ms: number) => ms - (ms % sliceMs);
    const fromMs = Math.max(settings.sinceMs, floor(now() - settings.lookBackDays * dayMs));
    const toMs = floor(now() - settings.settleMs);
    let written = 0;
    if (toMs <= fromMs) return written;
    for (const meter of meters) written += await outbox.fill(meter, slice, fromMs, toMs, now());
    return written;
  }

  return {
    async run() {
      await ready();
      const count = { written: await write(), taken: 0, failed: 0, setAside: 0, withoutCustomer: 0 };
      if (settings.lateUsage === 'set-aside') await outbox.setAsideOlder(provider.oldestMs, now());
      for (;;) {
        const claimed = await outbox.claim(settings.concurrency, settings.claimMs, provider.oldestMs, now());
        const sent = await Promise.all(claimed.map((one) => sender.deliver(one)));
        for (const one of sent) count[counts[one]] += 1;
        if (claimed.length === 0 || sent.every((one) => one === 'failed')) return count;
      }
    },
    async status() {
      await ready();
      return statusOf(database, provider.name);
    },
    async reconcile({ from, to }) {
      const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
      if (!(fromMs % sliceMs === 0 && toMs % sliceMs === 0 && fromMs < toMs)) {
        throw new TypeError(
          `reconcile: "from" and "to" must be starts of ${slice}s in UTC, one before the other, received ${describeValue(from)} and ${describeValue(to)}`,
        );
      }
      await ready();
      const lines: BillingLine[] = [];
      for (const meter of meters) {
        lines.push(
          ...(await reconcileMeter(database, provider, meter, Math.max(fromMs, settings.sinceMs), toMs)),
        );
      }
      return lines;
    },
    async resolve(identifier, decision) {
      if (decision !== 'send' && decision !== 'taken') {
        throw new TypeError(
          `resolve: "decision" must be "send" or "taken", received ${describeValue(decision)}`,
        );
      }
      await ready();
      if (decision === 'taken') return outbox.taken(identifier, now());
      return outbox.revive(identifier, provider.oldestMs, now());
    },
  };
}

const counts = {
  taken: 'taken',
  failed: 'failed',
  'set aside': 'setAside',
  'without customer': 'withoutCustomer',
} as const;
