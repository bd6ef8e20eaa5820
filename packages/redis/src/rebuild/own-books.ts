import type { AppendRequest, DrawRequest, QuietCharge } from '../settlement-wire.js';
import { Journal } from './journal.js';
import { LeaseBook } from './lease-book.js';

/** What a process knows that a lost partition does not: what it holds, and what it has settled of late. */
export class OwnBooks {
  readonly leases: LeaseBook;
  readonly charges: Journal<QuietCharge>;
  readonly appends: Journal<AppendRequest>;

  /** `now`: a clock that never goes back, in ms. */
  constructor(now: () => number) {
    this.leases = new LeaseBook(now);
    this.charges = new Journal(now, ({ id, attemptId }) => `${id} ${attemptId}`);
    this.appends = new Journal(now, ({ id }) => id);
  }

  charged(request: QuietCharge): void {
    this.charges.confirmed(request);
    this.leases.charged(request);
  }

  /** A part of a lease was charged, and its next attempt stands for the rest. */
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
