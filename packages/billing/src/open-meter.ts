import type { BillingProvider, MeterEvent } from './billing-provider.js';
import {
  checkHttpOptions,
  type EventRequest,
  type HttpProviderOptions,
  httpProvider,
} from './http-provider.js';

/**
 * The request that OpenMeter gets for an event: a CloudEvent 1.0 whose `type` is the meter's name, `subject` who pays, and whose
 * `data.value` is the quantity as text, which its meters add up (`$.value`).
 *
 * @see https://openmeter.io/docs/metering/events/overview
 */
export function openMeterRequest(event: MeterEvent, { url, token }: HttpProviderOptions): EventRequest {
  return {
    method: 'POST',
    url: `${url.replace(/\/+$/, '')}/api/v1/events`,
    headers: { 'content-type': 'application/cloudevents+json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      specversion: '1.0',
      id: event.identifier,
      source: 'tollgate',
      type: event.meter,
      subject: event.customer,
      time: new Date(event.atMs).toISOString(),
      datacontenttype: 'application/json',
      data: { value: event.quantity },
    }),
  };
}

/** Bills by OpenMeter, which drops an event whose `source` and `id` it has. Throws a `TypeError` for a wrong or unknown option. */
export function openMeter(options: HttpProviderOptions): BillingProvider {
  checkHttpOptions('openMeter', options);
  return httpProvider(
    'openmeter',
    options,
    (event) => openMeterRequest(event, options),
    () => false,
  );
}
