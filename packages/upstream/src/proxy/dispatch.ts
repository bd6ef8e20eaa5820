import type { TollgateContext } from '@tollgate/core';
import type { JsonValue, OutgoingRequest } from '@tollgate/core/internal';
import { formatOf, routeOf } from '@tollgate/wire';
import { asksForEvents } from '@tollgate/wire/internal';
import type { ClientCall } from '../call/client-call.js';
import { sentTo } from '../call/provider-call.js';
import { type DispatchedCall, routedCall } from '../route/routed-call.js';
import type { ProxySettings } from './options.js';

/** Where declared calls of one `proxy()` will go, kept with the body that is priced. */
export class Dispatch {
  readonly #byBody = new WeakMap<object, DispatchedCall>();

  constructor(
    private readonly settings: Pick<
      ProxySettings,
      'providerFor' | 'router' | 'task' | 'takes' | 'resilience'
    >,
  ) {}

  /**
   * The request to send: with the model that the router chooses, and in the provider's format, where that differs from the client's. Throws
   * the refusal of a request that cannot be routed or translated.
   */
  readonly dispatch = (outgoing: OutgoingRequest, context?: TollgateContext): OutgoingRequest => {
    const { api, body } = outgoing;
    if (api === undefined || typeof body !== 'object' || body === null || Array.isArray(body))
      return outgoing;
    let model: JsonValue | undefined = body.model;
    let stream = body.stream === true;
    const format = formatOf(api);
    if (format.modelInPath) {
      const route = routeOf(outgoing.url, 'POST', { isProxied: true });
      if (route?.tuned) return outgoing;
      model = route?.model;
      stream = route?.stream ?? stream;
    }
    const sse = asksForEvents(format, new URLSearchParams(outgoing.url.split('?', 2)[1]));
    if (typeof model !== 'string') return outgoing;
    const asked: ClientCall = { api, model, requestedModel: undefined, stream, sse, body };
    const way =
      (context && routedCall(this.settings, context, asked, outgoing.headers)) ?? this.#translated(asked);
    if (!way) return outgoing;
    const { provider, sent } = way;
    if (typeof sent.body !== 'object' || sent.body === null) return outgoing;
    this.#byBody.set(sent.body, way);
    const { method, headers } = outgoing;
    return {
      method,
      headers,
      url: provider.urlOf(sent),
      body: sent.body,
      api: sent.api,
      provider: provider.name,
      requestedModel: way.route && model,
      labels: way.route && { task: way.route.task },
    };
  };

  #translated(asked: ClientCall): DispatchedCall | undefined {
    const provider = this.settings.providerFor(asked.api, asked.model);
    if (!provider || provider.apis.includes(asked.api)) return undefined;
    return { asked, provider, sent: sentTo(provider, asked) };
  }

  /** The call that this body was made for. */
  of(body: JsonValue | undefined): DispatchedCall | undefined {
    return typeof body === 'object' && body !== null ? this.#byBody.get(body) : undefined;
  }
}
