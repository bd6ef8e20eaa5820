import type { BillingProvider, MeterEvent } from './billing-provider.js';
import {
  checkHttpOptions,
  type EventRequest,
  type HttpProviderOptions,
  httpProvider,
} from './http-provider.js';

/**
 * Lago's request for an event: `code` is the meter's name, `external_subscription_id` the paying customer, and `properties.value` the
 * amount that the billable metric adds up.
 *
 * @see https://docs.getlago.com/api-reference/events/usage
 */
export function lagoRequest(event: MeterEvent, { url, token }: HttpProviderOptions): EventRequest {
  return {
    method: 'POST',
    url: `${url.replace(/\/+$/, '')}/api/v1/events`,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      event: {
        transaction_id: event.identifier,
        external_subscription_id: event.customer,
        code: event.meter,
        timestamp: (event.atMs / 1_000).toFixed(3),
        properties: { value: event.quantity },
      },
    }),
  };
}

/** Bills by Lago, which refuses a `transaction_id` that it has. Throws a `TypeError` for a wrong or unknown option. */
export function lago(options: HttpProviderOptions): BillingProvider {
  checkHttpOptions('lago', options);
  return httpProvider(
    'lago',
    options,
    (event) => lagoRequest(event, options),
    (status, body) => status === 422 && /"transaction_id":\s*\[\s*"value_already_exist"/.test(body),
  );
}
