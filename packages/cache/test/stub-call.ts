import type { Caller, TollgateContext } from '@tollgate/core';
import {
  type Call,
  type CallHandle,
  type CallStep,
  detachedContext,
  type JsonObject,
  noUsage,
  type ParsedCall,
  type SettledCall,
  type Writing,
} from '@tollgate/core/internal';

const estimate = {
  model: 'm',
  inputTokens: 10,
  outputTokens: 10,
  inputNanoUsd: 10,
  outputNanoUsd: 10,
  costNanoUsd: 20,
  priceVersion: 'stub',
  answers: 1,
  maxOutputTokens: 10,
  capStated: false,
};

function parsedOf({ outgoing }: Call): ParsedCall {
  const { body } = outgoing;
  return {
    api: 'openai-chat',
    provider: 'openai',
    requestedModel: 'm',
    model: 'm',
    stream: false,
    withUsage: false,
    capField: 'max_tokens',
    estimate,
    priced: true,
    visible: true,
    url: outgoing.url,
    estimateOf: () => estimate,
    apply: () => undefined,
    serialise: () => JSON.stringify(body),
  };
}

/** Stands where `meter()` stands: every call is a chat completion, whole and reported, of 15 nano-dollars. */
const stubMeter: CallStep = {
  name: 'meter',
  stage: 'parse',
  begin(call: Writing<SettledCall>) {
    call.parsed = parsedOf(call);
  },
  end(call: Writing<SettledCall>) {
    if (call.replays) return;
    call.answer ??= 'whole';
    const usage = { ...noUsage, inputTokens: 10, outputTokens: 5 };
    call.settlement = { usage, costNanoUsd: 15, priceVersion: 'stub', uncertain: false };
  },
};

export const answer = JSON.stringify({ choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] });
export const acme: Caller = { id: 'k1', tenant: 'acme', plan: 'test', scopes: [], labels: {} };

/** A context whose calls are parsed; further packages join by `attach`. */
export function contextFor(caller: Caller, attach: (context: TollgateContext) => void): TollgateContext {
  const { context } = detachedContext(caller);
  context.calls.use(stubMeter);
  attach(context);
  return context;
}

/** Begins a call, and makes it where it is not replayed; what its client gets. */
export async function made(
  context: TollgateContext,
  body: JsonObject,
  { headers = {}, sent = answer }: { headers?: Record<string, string>; sent?: string } = {},
): Promise<{ handle: CallHandle; text: string; replayed: boolean }> {
  const handle = await context.calls.begin({ method: 'POST', url: 'https://api.test/v1', headers, body });
  const { replays = false, cached } = handle.call;
  let text = Buffer.from(cached?.body ?? '').toString('utf8');
  if (!replays) {
    handle.onResponse(200, { 'content-type': 'application/json' });
    text = Buffer.concat([handle.onChunk(Buffer.from(sent)), handle.onEnd()]).toString('utf8');
  }
  await handle.end({ outcome: 'ok', status: 200, sent: !replays, last: false });
  return { handle, text, replayed: replays };
}
