import { isTollgateError, type TollgateContext } from '@tollgate/core';
import type { WireApi } from '@tollgate/core/internal';
import type { ClientCall } from '../call/client-call.js';
import { type ProviderCall, sentTo } from '../call/provider-call.js';
import { withModel } from '../call/with-model.js';
import type { Provider } from '../provider/provider.js';
import type { Resilience } from '../resilience/resilience.js';
import type { Router } from './router.js';
import type { RoutedModel } from './router-options.js';
import type { TaskAsk } from './task-of.js';

/** The routing facts that the rest of a call uses. */
export interface RouteTaken {
  readonly task: string;
  /** The targets of the call, in order; the first one is the first choice. */
  readonly ranked: readonly RoutedModel[];
  /** For `x-tollgate-route`. */
  readonly parameters: string;
}

/** A call whose way was chosen before it was priced. */
export interface DispatchedCall {
  /** As the client asked it. */
  readonly asked: ClientCall;
  readonly provider: Provider;
  readonly sent: ProviderCall;
  /** Absent: no router has chosen it. */
  readonly route?: RouteTaken;
}

/** The settings of a proxy, or of {@link resilient}, that routing uses. */
export interface RoutingSettings {
  readonly router: Router | undefined;
  /** The router's task, where the app states it. */
  readonly task: string | undefined;
  readonly resilience: Resilience;
  /** Whether a provider can take calls of an API. */
  takes(provider: Provider, api: WireApi): boolean;
}

/**
 * The call as the router sends it; `undefined` where the model that the client names is not for a router to choose. Models whose
 * providers cannot express the request are passed over; where none can, the first one's refusal is thrown, or the router's own.
 */
export function routedCall(
  settings: RoutingSettings,
  context: TollgateContext | undefined,
  asked: ClientCall,
  headers: TaskAsk['headers'],
): DispatchedCall | undefined {
  const { router, task, takes, resilience } = settings;
  const { body, model } = asked;
  if (!router?.takes(model) || typeof body !== 'object' || body === null || Array.isArray(body))
    return undefined;
  const { inputs, decision, ranked } = router.decide({
    context,
    headers,
    body,
    ofRoute: task,
    takes: (provider) => takes(provider, asked.api),
    isOpen: (provider, name) => resilience.isOpen(provider, name),
    hasRoom: (provider, name, size) => resilience.hasRoom(provider, name, size),
  });
  const parameters = `task=${inputs.task};by=${inputs.taskBy};why=${decision.why}`;
  let refusal: unknown;
  for (let index = 0; index < ranked.length; index += 1) {
    const { provider, model: chosen } = ranked[index] as RoutedModel;
    const routed = withModel(asked, chosen, model);
    try {
      const sent = sentTo(provider, routed);
      const route = {
        task: inputs.task,
        ranked: ranked.slice(index),
        parameters: index === 0 ? parameters : `${parameters};passed-over=${index}`,
      };
      return { asked: routed, provider, sent, route };
    } catch (error) {
      if (!isTollgateError(error)) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}
