import type { BillingSettings } from './billing-options.js';
import type { MeterEvent, SendResult } from './billing-provider.js';
import { messageOf } from './message-of.js';
import type { Claimed, Outbox } from './outbox.js';

const hourMs = 3_600_000;
const firstPauseMs = 2_000;

/** The outcome of an attempt to send. */
export type Sent = 'taken' | 'failed' | 'set aside' | 'without customer';

/** Sends claimed events and records the outcome. The process may die at any point: the next one to claim continues. */
export class Sender {
  constructor(
    private readonly outbox: Outbox,
    private readonly settings: BillingSettings,
  ) {}

  /** Rejects only while the database is away. */
  async deliver(claimed: Claimed): Promise<Sent> {
    const { outbox, settings } = this;
    const { meter, tenant, quantity, identifier, stampMs } = claimed;
    const customer = await this.#customerOf(tenant);
    if (customer.id === undefined) {
      await outbox.again(claimed, customer.reason, settings.now() + hourMs, 'not this time');
      return 'without customer';
    }
    const event: MeterEvent = {
      identifier,
      meter,
      tenant,
      customer: customer.id,
      quantity,
      atMs: stampMs,
    };
    const isOld = claimed.claimedMs - claimed.firstSentMs >= settings.provider.recognisesForMs;
    if (isOld) return this.#lookFor(claimed, event);
    await outbox.addressed(claimed, customer.id);
    return this.#note(claimed, await settings.provider.send(event));
  }

  async #note(claimed: Claimed, result: SendResult): Promise<Sent> {
    const { outbox, settings } = this;
    if (result.kind === 'taken') {
      await outbox.taken(claimed.identifier, settings.now());
      return 'taken';
    }
    if (result.kind === 'refused') {
      await outbox.setAside(claimed, result.reason);
      return 'set aside';
    }
    const pauseMs = Math.min(hourMs, firstPauseMs * 2 ** Math.min(claimed.attempts, 12));
    const dueMs =
      settings.now() + Math.max(result.retryAfterMs ?? 0, pauseMs * (0.5 + settings.random() / 2));
    await outbox.again(claimed, result.reason, dueMs, result.unknown ? 'nothing' : 'not this time');
    return 'failed';
  }

  /** An event that may have arrived so long ago that the provider would accept it twice: its totals decide. */
  async #lookFor(claimed: Claimed, { meter, customer, quantity, atMs }: MeterEvent): Promise<Sent> {
    const { outbox, settings } = this;
    const fromMs = atMs - (atMs % hourMs);
    try {
      const there = await settings.provider.total?.(meter, customer, fromMs, fromMs + hourMs);
      const noted = BigInt(await outbox.takenInHour(meter, customer, fromMs));
      if (there !== undefined && BigInt(there) === noted + BigInt(quantity)) {
        return await this.#note(claimed, { kind: 'taken' });
      }
      if (there !== undefined && BigInt(there) === noted) {
        await outbox.again(claimed, 'had not arrived', settings.now(), 'not at all');
        return 'failed';
      }
      const reason = `unclear whether it arrived: ${there ?? 'no figure'} there, ${noted} noted as taken`;
      return await this.#note(claimed, { kind: 'refused', reason });
    } catch (error) {
      return this.#note(claimed, { kind: 'failed', reason: messageOf(error), unknown: true });
    }
  }

  async #customerOf(tenant: string): Promise<{ id?: string; reason: string }> {
    try {
      const id = await this.settings.customerOf(tenant);
      if (typeof id === 'string' && id !== '') return { id, reason: '' };
      return { reason: 'no customer for this tenant' };
    } catch (error) {
      return { reason: `customer not found out: ${messageOf(error)}` };
    }
  }
}
