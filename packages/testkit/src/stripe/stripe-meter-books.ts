/** A meter event that the simulated Stripe has taken. */
export interface StripeMeterEvent {
  readonly identifier: string;
  readonly event_name: string;
  readonly payload: Readonly<Record<string, string>>;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  /** Seconds since the epoch. */
  readonly created: number;
}

/** A refusal in Stripe's words. */
export interface StripeProblem {
  readonly status: number;
  readonly message: string;
  readonly code?: string;
}

const daySeconds = 86_400;

/** Stripe's state of meters: their names, and the accepted events. Identifiers are unique within 24 hours. */
export class StripeMeterBooks {
  readonly events: StripeMeterEvent[] = [];

  constructor(
    readonly meters: readonly string[],
    private readonly now: () => number,
  ) {}

  /** Accepts an event, or returns the reason for its refusal. */
  take(
    form: Readonly<Record<string, string | Record<string, string>>>,
  ): { event: StripeMeterEvent } | { problem: StripeProblem } {
    const created = Math.floor(this.now() / 1_000);
    const { event_name: name, payload, identifier, timestamp = String(created) } = form;
    const no = (message: string, code?: string) => ({
      problem: { status: 400, message, ...(code && { code }) },
    });
    if (typeof name !== 'string' || !this.meters.includes(name)) {
      return no(`No active meter found for event name ${String(name)}.`, 'resource_missing');
    }
    if (typeof payload !== 'object') return no('Missing required param: payload.', 'parameter_missing');
    const { stripe_customer_id: customer = '', value = '' } = payload;
    if (!customer.startsWith('cus_')) return no(`No such customer: '${customer}'`, 'resource_missing');
    if (!/^-?\d{1,15}$/.test(value)) return no(`Invalid value: ${value}`, 'meter_event_invalid_value');
    if (typeof identifier !== 'string' || identifier === '' || identifier.length > 100) {
      return no('Invalid identifier.', 'parameter_invalid_string_length');
    }
    const at = Number(timestamp);
    if (!(Number.isInteger(at) && at <= created + 300)) {
      return no('The timestamp is too far in the future.', 'timestamp_in_future');
    }
    if (at < created - 35 * daySeconds) {
      return no('The timestamp is too far in the past.', 'timestamp_too_far_in_past');
    }
    const known = this.events.some(
      (one) => one.identifier === identifier && one.created > created - daySeconds,
    );
    if (known) return no(`An event already exists with identifier ${identifier}.`);
    const event = { identifier, event_name: name, payload, timestamp: at, created };
    this.events.push(event);
    return { event };
  }

  /** The sum of a customer's values on a meter in `[from, to)`, seconds since the epoch. */
  total(meter: string, customer: string, from: number, to: number): number {
    return this.events
      .filter(
        ({ event_name: name, payload, timestamp }) =>
          name === meter && payload.stripe_customer_id === customer && timestamp >= from && timestamp < to,
      )
      .reduce((sum, { payload }) => sum + Number(payload.value), 0);
  }
}
