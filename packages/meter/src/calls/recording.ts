import {
  accepts,
  type Call,
  describeValue,
  type OutgoingRequest,
  type ParsedCall,
  type RecordedCall,
  type Settlement,
  type TollgateContext,
  TollgateError,
  type Usage,
  type WireApi,
} from '@tollgate/core';
import { completed, type Fields, fieldsOf } from '../usage/reported-usage.js';
import type { UsagePrice } from '../usage/settle.js';
import { usageFrom } from '../usage/usage-in.js';
import type { Engine } from './engine.js';

/** A call that a handler made by means of its own, on its way through the pipeline. */
export interface Recording {
  readonly parsed: ParsedCall;
  readonly settlement: Settlement;
  readonly labels: Readonly<Record<string, string>> | undefined;
}

const recording = Symbol('recording');
type Recorded = OutgoingRequest & { [recording]?: Recording };

/** The recording that an outgoing request stands for, if it is one. */
export const recordingOf = (outgoing: Recorded): Recording | undefined => outgoing[recording];

/** Charges a call that was made already: the declared one where the model is the same, otherwise a further one. */
export async function record(context: TollgateContext, engine: Engine, call: RecordedCall): Promise<void> {
  const { api, usage } = readRecorded(call);
  const price = engine.priceByName(call.provider, call.model, usage);
  if (!price) throw notPriced(call.model);
  const declared = context.calls.begun ? undefined : context.calls.declared;
  const same = declared?.parsed?.model === call.model ? declared : undefined;
  const outgoing: Recorded = outgoingOf(call, same);
  outgoing[recording] = {
    parsed: same?.parsed ?? parsedOf(api, call, price),
    settlement: { usage, uncertain: false, ...price },
    labels: call.labels,
  };
  const handle = await context.calls.begin(outgoing, { whenClientGone: 'drain' });
  await handle.end({ outcome: 'ok', status: 200, sent: true, last: false });
}

function outgoingOf(call: RecordedCall, same: Call | undefined): OutgoingRequest {
  const { provider } = call;
  const body = same ? same.outgoing.body : { model: call.model };
  return { method: 'POST', url: same?.outgoing.url ?? '', headers: {}, body, provider };
}

/** A recorded call asks for nothing, since it was made already: its estimate holds nothing back. */
function parsedOf(api: WireApi, call: RecordedCall, price: UsagePrice): ParsedCall {
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
    api,
    provider,
    requestedModel: model,
    stream: false,
    model,
    estimate,
    priced: true,
    isReport: true,
    estimateOf: () => estimate,
    apply: () => undefined,
    serialise: () => '',
    url: '',
  };
}

const counts = [
  'inputTokens',
  'cachedInputTokens',
  'cacheWriteTokens',
  'cacheWrite1hTokens',
  'outputTokens',
  'reasoningTokens',
  'inputAudioTokens',
  'outputAudioTokens',
] as const;

/** Reads what was recorded: our own usage, or a provider's. @throws TypeError for figures that are no counts. */
function readRecorded(call: RecordedCall): { api: WireApi; usage: Usage } {
  check('provider', call.provider, accepts.string);
  check('model', call.model, accepts.string);
  check('usage', call.usage, accepts.object);
  const fields = fieldsOf(call.usage);
  const api = apiOfUsage(fields);
  if (!api) return { api: 'openai-chat', usage: ownUsage(fields) };
  const said = usageFrom(api, fields.usageMetadata ?? fields);
  if (!said || said.suspicious || said.inputTokens === undefined) {
    throw new TypeError(
      'record: "usage" holds a figure that is not an integer of 0 or more, or not all of them',
    );
  }
  return { api, usage: completed(said, { inputTokens: 0, outputTokens: 0 }, 'provider') };
}

function apiOfUsage(usage: Fields): WireApi | undefined {
  if ('prompt_tokens' in usage) return 'openai-chat';
  if ('promptTokenCount' in usage || 'usageMetadata' in usage) return 'gemini-generate';
  if (!('input_tokens' in usage)) return undefined;
  const anthropic = ['cache_read_input_tokens', 'cache_creation_input_tokens', 'cache_creation'];
  return anthropic.some((name) => name in usage) ? 'anthropic-messages' : 'openai-responses';
}

function ownUsage(fields: Fields): Usage {
  for (const name of counts) {
    if (fields[name] !== undefined) check(`usage.${name}`, fields[name], accepts.wholeNumber);
  }
  if (fields.inputTokens === undefined && fields.outputTokens === undefined) {
    throw new TypeError(
      'record: "usage" needs inputTokens or outputTokens, or has to be a provider’s usage object',
    );
  }
  const said = Object.fromEntries(counts.map((name) => [name, Number(fields[name] ?? 0)]));
  const toolRequests: Record<string, number> = {};
  for (const [tool, uses] of Object.entries(fieldsOf(fields.toolRequests))) {
    check(`usage.toolRequests.${tool}`, uses, accepts.wholeNumber);
    toolRequests[tool] = Number(uses);
  }
  const tier = typeof fields.tier === 'string' ? fields.tier : undefined;
  const source = fields.source === 'estimated' ? 'estimated' : 'provider';
  return completed({ ...nothing, ...said, toolRequests, tier }, { inputTokens: 0, outputTokens: 0 }, source);
}

const nothing = {
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  reasoningTokens: 0,
  inputAudioTokens: 0,
  outputAudioTokens: 0,
  suspicious: false,
};

function check(name: string, value: unknown, accept: (value: unknown) => true | string): void {
  const verdict = accept(value);
  if (verdict !== true) {
    throw new TypeError(`record: "${name}" must be ${verdict}, received ${describeValue(value)}`);
  }
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
