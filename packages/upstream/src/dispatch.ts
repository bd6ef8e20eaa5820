import type { JsonValue, OutgoingRequest } from '@tollgate/core';
import { routeOf } from './api-route.js';
import type { AskedCall } from './asked-call.js';
import type { ProxySettings } from './options.js';
import type { Provider } from './provider.js';
import { type SentCall, sentTo } from './sent-call.js';

/** A call whose way was chosen before it was priced. */
export interface DispatchedCall {
  /** As the client asked it. */
  readonly asked: AskedCall;
  readonly provider: Provider;
  readonly sent: SentCall;
}

/** Where declared calls of one `proxy()` will go, kept with the body that is priced. */
export class Dispatch {
  readonly #byBody = new WeakMap<object, DispatchedCall>();

  constructor(private readonly settings: Pick<ProxySettings, 'providerFor'>) {}

  /**
   * The request as it will be sent: in the provider's own format, where that is another one than the client's. Throws the refusal of
   * what cannot be translated.
   */
  readonly dispatch = (outgoing: OutgoingRequest): OutgoingRequest => {
    const { api, body } = outgoing;
    if (api === undefined || typeof body !== 'object' || body === null || Array.isArray(body))
      return outgoing;
    const [path = '', query = ''] = outgoing.url.split('?', 2);
    const route = routeOf('POST', path);
    const model = api === 'gemini-generate' ? route?.model : body.model;
    if (typeof model !== 'string') return outgoing;
    const provider = this.settings.providerFor(api, model);
    if (!provider || provider.apis.includes(api)) return outgoing;
    const stream = route?.stream ?? body.stream === true;
    const asked = { api, model, stream, sse: new URLSearchParams(query).get('alt') === 'sse', body };
    const sent = sentTo(provider, asked);
    if (typeof sent.body !== 'object' || sent.body === null) return outgoing;
    this.#byBody.set(sent.body, { asked, provider, sent });
    const { method, headers } = outgoing;
    return {
      method,
      headers,
      url: provider.urlOf(sent),
      body: sent.body,
      api: sent.api,
      provider: provider.name,
    };
  };

  /** The call that this body was made for. */
  of(body: JsonValue | undefined): DispatchedCall | undefined {
    return typeof body === 'object' && body !== null ? this.#byBody.get(body) : undefined;
  }
}
