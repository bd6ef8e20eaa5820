import type { QuietCharge } from '../wire/quiet-requests.js';
import type { AppendRequest, DrawRequest } from '../wire/settlement-wire.js';
import { Journal } from './journal.js';
import { LeaseBook } from './lease-book.js';

/** State that a process has and a lost partition lacks: its holds, and its recent settlements. */
export class OwnBooks {
  readonly leases: LeaseBook;
  readonly charges: Journal<QuietCharge>;
  readonly appends: Journal<AppendRequest>;

  /** `now`: a monotonic clock, in ms. */
  constructor(now: () => number) {
    this.leases = new LeaseBook(now);
    this.charges = new Journal(now, ({ id, attemptId }) => `${id} ${attemptId}`);
    this.appends = new Journal(now, ({ id }) => id);
  }

  charged(request: QuietCharge): void {
    this.charges.confirmed(request);
    this.leases.charged(request);
  }

  /** A part of a lease was charged, and its next attempt holds the rest. */
  drawn({ id, partition, nextAttemptId, item, left }: DrawRequest, charge: QuietCharge): void {
    this.charges.confirmed(charge);
    const { counter, windowId } = item;
    const running = [{ attemptId: nextAttemptId, items: [{ counter, windowId, amount: left }] }];
    this.leases.drawn({ id, partition, running }, charge);
  }
}

/** A draw as the charge that it is. */
export const chargeOfDraw = ({ id, partition, attemptId, item }: DrawRequest): QuietCharge => ({
  id,
  partition,
  attemptId,
  items: [item],
  event: undefined,
  close: false,
});
