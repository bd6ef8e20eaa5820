import type { Caller } from '@tollgate/core';
import { planOf, publish } from '@tollgate/core/internal';
import { CallerCounts } from './caller-counts.js';
import { Gate } from './gate.js';
import { Lanes } from './lanes.js';
import type { ConcurrencySettings } from './options.js';
import { shareOf } from './pressure.js';
import { QuotaPermits } from './shared-permits.js';

let limiters = 0;

/** State shared by all requests of one `concurrency()`. */
export class ConcurrencyLimiter {
  readonly gate: Gate;
  readonly lanes: Lanes;
  readonly callers: CallerCounts | undefined;
  readonly shared: QuotaPermits | undefined;
  /** Unique for each guard: a request may pass several, and holds a permit of each. */
  readonly stepName: string;

  constructor(readonly settings: ConcurrencySettings) {
    const { plans, perCaller, tenantShare, store, mode, batch, queue, limit, clock } = settings;
    limiters += 1;
    this.stepName = `concurrency-${limiters}`;
    this.lanes = new Lanes(plans);
    this.callers = perCaller && plans ? new CallerCounts(plans) : undefined;
    this.shared =
      store && mode === 'enforce'
        ? new QuotaPermits({ ...settings, store, limit: settings.most, deadlineMs: settings.storeDeadlineMs })
        : undefined;
    this.gate = new Gate({
      lanes: this.lanes.settings,
      limit,
      batchShare: batch.share,
      queueSize: queue.size,
      perTenant: queue.perTenant,
      tenantShare,
      shared: this.shared,
      clock,
    });
  }

  /** Whether a request may not even wait: the permits that its caller may use under the present pressure are taken. */
  isShed(caller: Caller | undefined): boolean {
    const { pressure, plans, limit } = this.settings;
    if (!pressure || !plans || !caller) return false;
    const share = shareOf[planOf(plans, caller).criticality];
    // One at least: a limit that has fallen to one would otherwise never see an answer, and never rise again.
    const permits = Math.max(1, Math.floor(limit.value * share));
    const isHigh = share < 1 && pressure.isHigh(limit.value);
    return isHigh && this.gate.running >= permits;
  }

  limitChanged(): void {
    const { limit, name } = this.settings;
    publish('tollgate:concurrency', () => ({
      outcome: 'limit',
      name,
      limit: limit.value,
      running: this.gate.running,
      waiting: this.gate.waiting,
    }));
  }
}
