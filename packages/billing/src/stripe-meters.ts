import { accepts, checkOptions } from '@tollgate/core/internal';
import type { BillingProvider, MeterEvent, SendResult } from './billing-provider.js';
import { messageOf } from './message-of.js';

/** The parts of a Stripe client that are used: `new Stripe(key)`. */
export interface StripeClient {
  readonly billing: {
    readonly meterEvents: {
      create(
        event: {
          event_name: string;
          payload: Record<string, string>;
          identifier: string;
          timestamp: number;
        },
        options: { timeout: number; maxNetworkRetries: number },
      ): Promise<unknown>;
    };
    readonly meters: {
      list(query: {
        limit: number;
      }): AsyncIterable<{ id: string; event_name: string; status: string | null }>;
      listEventSummaries(
        meter: string,
        query: { customer: string; start_time: number; end_time: number },
      ): AsyncIterable<{ aggregated_value: number }>;
    };
  };
}

export interface StripeMetersOptions {
  /** `new Stripe(apiKey)` of the package `stripe`. Its meters add values up (`sum`) and count every event (raw). */
  stripe: StripeClient;
  /** How long one event may take, ms; 1 000 to 80 000. @defaultValue 20_000 */
  timeoutMs?: number;
  /** The key of the payload that names the customer, where the meter has its own. @defaultValue 'stripe_customer_id' */
  customerKey?: string;
  /** The key of the payload that holds the quantity. @defaultValue 'value' */
  valueKey?: string;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * Bills by Stripe's meter events (`POST /v1/billing/meter_events`). An identifier is known again for 24 hours at least, and a timestamp may be
 * 35 days old: an hour and a day less are counted on. Throws a `TypeError` for a wrong or unknown option.
 *
 * @see https://docs.stripe.com/api/billing/meter-event/create
 */
export function stripeMeters(options: StripeMetersOptions): BillingProvider {
  checkOptions<StripeMetersOptions>(
    'stripeMeters',
    options,
    {
      stripe: (value) =>
        (accepts.object(value) === true && accepts.object(Object(value).billing) === true) ||
        'a Stripe client',
      timeoutMs: accepts.integerBetween(1_000, 80_000),
      customerKey: accepts.string,
      valueKey: accepts.string,
    },
    ['stripe'],
  );
  const {
    stripe: { billing },
    timeoutMs = 20_000,
    customerKey = 'stripe_customer_id',
    valueKey = 'value',
  } = options;
  const meterIds = new Map<string, string>();

  async function meterId(name: string): Promise<string> {
    if (!meterIds.has(name)) {
      for await (const one of billing.meters.list({ limit: 100 })) {
        if (one.status !== 'inactive') meterIds.set(one.event_name, one.id);
      }
    }
    const id = meterIds.get(name);
    if (id === undefined)
      throw new Error(`Stripe has no active meter for events named ${JSON.stringify(name)}`);
    return id;
  }

  return {
    name: 'stripe',
    recognisesForMs: 23 * hourMs,
    oldestMs: 34 * dayMs,
    async send({ meter, identifier, customer, quantity, atMs }: MeterEvent): Promise<SendResult> {
      try {
        await billing.meterEvents.create(
          {
            event_name: meter,
            payload: { [customerKey]: customer, [valueKey]: quantity },
            identifier,
            timestamp: Math.floor(atMs / 1_000),
          },
          // An Idempotency-Key of each attempt's own is set by the client: one that is kept would repeat a 500 for a day.
          { timeout: timeoutMs, maxNetworkRetries: 0 },
        );
        return { kind: 'taken' };
      } catch (error) {
        return resultOf(error, identifier);
      }
    },
    async total(meter, customer, fromMs, toMs) {
      const query = { customer, start_time: fromMs / 1_000, end_time: toMs / 1_000 };
      let total = 0n;
      for await (const { aggregated_value } of billing.meters.listEventSummaries(
        await meterId(meter),
        query,
      )) {
        if (!Number.isSafeInteger(aggregated_value)) {
          throw new Error(`Stripe counts ${aggregated_value}: not an integer that a number can hold`);
        }
        total += BigInt(aggregated_value);
      }
      return String(total);
    },
  };
}

/** The outcome for the event, from an error of the Stripe client. */
function resultOf(error: unknown, identifier: string): SendResult {
  const { statusCode, code, headers } = Object(error) as {
    statusCode?: unknown;
    code?: unknown;
    headers?: unknown;
  };
  const reason = messageOf(error);
  if (typeof statusCode !== 'number') return { kind: 'failed', reason, unknown: true };
  if (code === 'duplicate_meter_event' || (statusCode === 400 && isDuplicate(reason, identifier))) {
    return { kind: 'taken' };
  }
  // A key that is wrong or may not do this, and being too fast, are no fault of the event.
  const isOurs = [401, 403, 408, 409, 429].includes(statusCode);
  if (statusCode >= 400 && statusCode < 500 && !isOurs) return { kind: 'refused', reason };
  const retryAfterMs = retryAfterOf(headers);
  return {
    kind: 'failed',
    reason,
    unknown: statusCode >= 500 || statusCode === 408 || statusCode === 409,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** Only the message distinguishes an identifier that Stripe already has from a wrong one. */
const isDuplicate = (message: string, identifier: string): boolean =>
  /already exists with identifier/i.test(message) && message.includes(identifier);

function retryAfterOf(headers: unknown): number | undefined {
  const seconds = Number((Object(headers) as Record<string, unknown>)['retry-after']);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 86_400) * 1_000 : undefined;
}
