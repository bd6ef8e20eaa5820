import { isTollgateError, type TollgateContext } from '@tollgate/core';
import type { ClientCall } from '../client-call.js';
import type { DispatchedCall } from '../dispatch.js';
import type { ProxySettings } from '../options.js';
import { sentTo } from '../provider-call.js';
import { withModel } from '../with-model.js';
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

/** The settings of a proxy that routing uses. */
export type RoutingSettings = Pick<ProxySettings, 'router' | 'task' | 'takes' | 'resilience'>;

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
