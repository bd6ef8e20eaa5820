import type { TollgateContext } from '@tollgate/core';
import type { JsonValue, OutgoingRequest } from '@tollgate/core/internal';
import { formatOf, routeOf } from '@tollgate/wire';
import { asksForEvents } from '@tollgate/wire/internal';
import type { ClientCall } from '../call/client-call.js';
import { sentTo } from '../call/provider-call.js';
import { type DispatchedCall, routedCall } from '../route/routed-call.js';
import type { ProxySettings } from './options.js';

/** The `target` of a declared call: where it will go, as one `proxy()` has decided. */
class DispatchTarget {
  constructor(
    readonly by: Dispatch,
    readonly call: DispatchedCall,
  ) {}
}

/** Decides where declared calls of one `proxy()` will go, before they are priced. */
export class Dispatch {
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
      target: new DispatchTarget(this, way),
    };
  };

  #translated(asked: ClientCall): DispatchedCall | undefined {
    const provider = this.settings.providerFor(asked.api, asked.model);
    if (!provider || provider.apis.includes(asked.api)) return undefined;
    return { asked, provider, sent: sentTo(provider, asked) };
  }

  /** The decision on a declared call; `undefined`: it was none of this proxy's. */
  of({ target }: OutgoingRequest): DispatchedCall | undefined {
    return target instanceof DispatchTarget && target.by === this ? target.call : undefined;
  }
}
