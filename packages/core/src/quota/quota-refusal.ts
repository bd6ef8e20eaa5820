import { stateOf } from './quota-counters.js';
import type { QuotaCharge, QuotaRefusal } from './quota-store.js';
import type { WindowCounterView } from './window-counter.js';

/** A charge that does not fit. */
export interface BlockingCounter {
  /** Position among the alternative's charges. */
  readonly index: number;
  readonly charge: QuotaCharge;
  readonly windowCounter: WindowCounterView;
  /** Amounts that earlier charges of the request take from the same counter. */
  readonly ahead: number;
}

/** Graver first: one that never fits, one that time helps, one that others may give back any moment. */
const gravity = ['held', 'used', 'size'] as const;
type Gravity = (typeof gravity)[number];

/** Names the binding counter of those that do not fit (at least one), and the wait until it fits by time alone. */
export function refusalOf(blocking: readonly BlockingCounter[], nowMs: number): QuotaRefusal {
  let binding = blocking[0] as BlockingCounter;
  let blockedBy = blockOf(binding);
  let retryAfterMs = waitOf(binding, nowMs);
  for (const blockingCounter of blocking.slice(1)) {
    const reason = blockOf(blockingCounter);
    const graver = gravity.indexOf(reason) - gravity.indexOf(blockedBy);
    if (graver < 0) continue;
    const waitMs = waitOf(blockingCounter, nowMs);
    if (graver > 0) retryAfterMs = waitMs;
    else if (waitMs !== undefined) retryAfterMs = Math.max(waitMs, retryAfterMs ?? 0);
    if (graver > 0 || resetOf(blockingCounter) > resetOf(binding)) binding = blockingCounter;
    blockedBy = reason;
  }
  const { charge, windowCounter, index } = binding;
  return {
    blockedBy,
    state: stateOf(charge, windowCounter),
    charge: index,
    retryAfterMs: blockedBy === 'size' ? undefined : retryAfterMs,
  };
}

const resetOf = ({ windowCounter }: BlockingCounter): number => windowCounter.resetsAtMs ?? 0;

/** The smallest amount that must be left: the requested minimum, or 1 where nothing is requested but something must be left. */
const needOf = ({ charge, ahead }: BlockingCounter): number =>
  ahead + (charge.window.kind === 'live' ? 1 : Math.max(1, charge.min ?? charge.want));

/** The highest used amount at which the charge fits. */
function mostOf(blockingCounter: BlockingCounter): number {
  const { limit, onlyBelow, soft } = blockingCounter.charge;
  const below = onlyBelow === undefined ? Number.POSITIVE_INFINITY : Math.ceil(onlyBelow * limit) - 1;
  return soft ? below : Math.min(limit - needOf(blockingCounter), below);
}

function blockOf(blockingCounter: BlockingCounter): Gravity {
  const most = mostOf(blockingCounter);
  if (most < 0) return 'size';
  return blockingCounter.windowCounter.used > most ? 'used' : 'held';
}

function waitOf(blockingCounter: BlockingCounter, nowMs: number): number | undefined {
  return blockingCounter.windowCounter.waitMs(Math.max(0, mostOf(blockingCounter)), nowMs);
}
