import { runningContext } from '@tollgate/core/internal';
import { formatOf } from '@tollgate/wire';
import { asksForEvents } from '@tollgate/wire/internal';
import type { ClientCall } from '../call/client-call.js';
import { type ProviderCall, sentTo, withCap } from '../call/provider-call.js';
import { withModel } from '../call/with-model.js';
import type { Step } from '../resilience/step.js';
import type { FetchCall } from './fetch-call.js';

/** The request of one attempt. */
export interface FetchRequest {
  readonly url: string;
  readonly headers: FetchCall['headers'];
  readonly body: string;
  /** Converts its response to the SDK's format; absent where the provider supports it. */
  readonly answer?: ProviderCall['answer'];
}

const credentialHeaders = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'];

/**
 * The request of an attempt: the SDK's own, with the provider's key where there is one; or, for another target, a request written for that
 * provider. Throws the refusal of a request that cannot be translated.
 */
export function fetchRequest(call: FetchCall, { target, index, key }: Step): FetchRequest {
  const { provider, model } = target;
  if (provider && (index > 0 || call.routed)) {
    const sent = capped(sentTo(provider, withModel(askedOf(call), model)));
    const { origin, path } = provider.targetOf(sent);
    const headers = provider.signed(provider.headersOf(sent, {}), key);
    return { url: origin + path, headers, body: JSON.stringify(sent.body), answer: sent.answer };
  }
  const body = target.substituted && !call.modelInPath ? JSON.stringify({ ...call.body, model }) : call.text;
  const url = call.url.href;
  if (!provider && !target.substituted) return { url, headers: call.headers, body };
  const headers = new Headers(call.headers);
  headers.delete('content-length');
  if (!provider || provider.keys.keys.length === 0) return { url, headers, body };
  for (const name of credentialHeaders) headers.delete(name);
  for (const [name, value] of Object.entries(provider.signed({}, key))) headers.set(name, value);
  return { url, headers, body };
}

/** The call as the SDK asks it. */
export function askedOf({ api, model, stream, url, body }: FetchCall): ClientCall {
  const sse = asksForEvents(formatOf(api), url.searchParams);
  return { api, model, requestedModel: undefined, stream, sse, body };
}

const capped = (sent: ProviderCall): ProviderCall =>
  sent.answer && !runningContext()?.calls.has('meter') ? withCap(sent) : sent;
