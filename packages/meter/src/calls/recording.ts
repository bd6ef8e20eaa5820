import { type TollgateContext, TollgateError } from '@tollgate/core';
import {
  type Call,
  describeValue,
  type OutgoingRequest,
  type ParsedCall,
  type RecordedCall,
  type Recording,
  type WireApi,
  whenReady,
} from '@tollgate/core/internal';
import type { UsagePrice } from '../usage/settle.js';
import type { Engine } from './engine.js';
import { readRecorded } from './read-recorded.js';

/** Charges a call that was made already: the declared one where the model is the same, otherwise a further one. */
export function record(context: TollgateContext, engine: Engine, call: RecordedCall): void | Promise<void> {
  const { api, usage } = readRecorded(call);
  const price = engine.priceByName(call.provider, call.model, usage);
  if (!price) throw notPriced(call.model);
  const declared = context.calls.begun ? undefined : context.calls.declared;
  const same = declared?.parsed?.model === call.model ? declared : undefined;
  const recording: Recording = {
    parsed: same?.parsed ?? parsedOf(api, call, price),
    settlement: { usage, uncertain: false, ...price },
    labels: call.labels,
  };
  const outgoing = { ...outgoingOf(call, same), recording };
  return whenReady(context.calls.begin(outgoing, { whenClientGone: 'drain' }), (handle) =>
    handle.end({ outcome: 'ok', status: 200, sent: true, last: false }),
  );
}

function outgoingOf(call: RecordedCall, same: Call | undefined): OutgoingRequest {
  const { provider } = call;
  const body = same ? same.outgoing.body : { model: call.model };
  return { method: 'POST', url: same?.outgoing.url ?? '', headers: {}, body, provider };
}

/** A recorded call was made already, so its estimate holds nothing. */
function parsedOf(api: WireApi | undefined, call: RecordedCall, price: UsagePrice): ParsedCall {
  const { provider, model } = call;
  const estimate = {
    model,
    inputTokens: 0,
    outputTokens: 0,
    inputNanoUsd: 0,
    outputNanoUsd: 0,
    costNanoUsd: 0,
    priceVersion: price.priceVersion,
    answers: 1,
    maxOutputTokens: 0,
    capStated: true,
  };
  return {
    // Usage in Tollgate's own names fits every format.
    api: api ?? 'openai-chat',
    provider,
    requestedModel: model,
    stream: false,
    withUsage: true,
    capField: '',
    model,
    estimate,
    priced: true,
    visible: true,
    estimateOf: () => estimate,
    apply: () => undefined,
    serialise: () => '',
    url: '',
  };
}

function notPriced(model: string): TollgateError {
  return new TollgateError({
    status: 400,
    code: 'model_not_priced',
    param: 'model',
    message: `No price is known for the model ${describeValue(model)} that was recorded.`,
    retryAfterMs: false,
  });
}
