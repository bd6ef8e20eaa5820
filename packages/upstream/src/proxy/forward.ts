import { TollgateError } from '@tollgate/core';
import { cutIdleClient, type DeclaredCall } from '@tollgate/core/internal';
import { formatOf } from '@tollgate/wire';
import type { NextFunction, Request, Response } from 'express';
import type { ClientCall } from '../call/client-call.js';
import { promptFacts } from '../call/prompt-facts.js';
import type { SizeFacts } from '../pace/call-size.js';
import { makeCall } from '../resilience/make-call.js';
import { Resilience } from '../resilience/resilience.js';
import type { DispatchedCall } from '../route/routed-call.js';
import { routedCall } from '../route/routed-call.js';
import { ClientAnswer } from './client-answer.js';
import { finishAnswer } from './finish-answer.js';
import type { ProxySettings } from './options.js';
import { ProxyTransport } from './proxy-transport.js';

/** Makes the call's attempts and ends the client's answer. Throws the refusal of a call that is not begun. */
export async function forward(
  req: Request,
  res: Response,
  next: NextFunction,
  settings: ProxySettings,
  asked: ClientCall,
  dispatched?: DispatchedCall,
): Promise<void> {
  // The client left while the body was read or a guard waited: nothing is sent, and the reservation is released.
  if (res.closed) {
    req.tollgate.recorder?.noCall();
    return;
  }
  const way = dispatched ?? routedCall(settings, req.tollgate, asked, req.headers);
  const provider = way?.provider ?? settings.providerFor(asked.api, asked.model);
  if (!provider) throw noProvider(asked);
  const { declared } = req.tollgate.calls;
  // A response that does not need the provider need not wait for it.
  const isKnown = declared?.replays === true && declared.parsed?.provider === provider.name;
  const plan = (isKnown ? attempt : settings.resilience).plan({
    provider,
    name: provider.name,
    base: provider.baseUrl,
    model: (way?.asked ?? asked).model,
    stream: asked.stream,
    fits: (other) => settings.takes(other, asked.api),
    fallbacks: settings.fallbacks,
    ranked: way?.route?.ranked,
    tenant: req.tollgate.caller?.tenant,
    size: () => sizeFacts(declared, way?.asked ?? asked),
  });
  cutIdleClient(req.tollgate, settings.clientIdleMs);
  const answer = new ClientAnswer(req.tollgate, res);
  const made = await makeCall(
    plan,
    new ProxyTransport(req, answer, settings, way?.asked ?? asked, plan, way),
  );
  if (made === undefined) throw plan.unavailable();
  if ('refusal' in made) throw made.alternative ? plan.unavailable() : made.refusal;
  finishAnswer(req, res, next, answer, made.result, {
    refusals: settings.refusals,
    // The path of the app's route need not show the API.
    errorFormat: settings.errorFormat === 'auto' ? formatOf(asked.api).errors : settings.errorFormat,
  });
  if (made.settled) await made.settled;
}

/** One attempt, whatever is known of its provider. */
const attempt = new Resilience({ retries: false, breaker: false });

/** The cap that is sent is the meter's, where there is one. */
function sizeFacts(declared: DeclaredCall | undefined, { body }: ClientCall): SizeFacts {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const { characters, turns, maxOutputTokens } = promptFacts(isObject ? body : {});
  return { characters, turns, maxOutputTokens: declared?.parsed?.estimate.outputTokens ?? maxOutputTokens };
}

function noProvider({ api, model }: ClientCall): TollgateError {
  return new TollgateError({
    status: 404,
    code: 'not_found',
    message: `No provider is set up for ${api}${model === undefined ? '' : ' and this model'}.`,
    param: model === undefined ? undefined : 'model',
  });
}
