import { type Call, type CallHandle, type ErrorFormat, TollgateError } from '@tollgate/core';
import type { NextFunction, Request, Response } from 'express';
import { routeOf } from './api-route.js';
import type { AskedCall } from './asked-call.js';
import { type AttemptResult, attempt } from './attempt.js';
import { ClientAnswer } from './client-answer.js';
import { finishAnswer } from './finish-answer.js';
import type { ProxySettings } from './options.js';
import type { Provider } from './provider.js';
import { publishAttempt } from './publish-attempt.js';
import { saysStreamIsComplete } from './stream-end.js';
import { timeoutsOf } from './timeouts.js';

/** How long an answer that is complete waits for its charge. */
const maxSettleWaitMs = 100;

/** Begins the call, makes its attempt, settles it and ends the client's answer. Throws the refusal of a call that is not begun. */
export async function passOn(
  req: Request,
  res: Response,
  next: NextFunction,
  settings: ProxySettings,
  asked: AskedCall,
): Promise<void> {
  // Gone while the body was read or a guard waited: nothing is reserved for nobody.
  if (res.closed) return;
  const provider = settings.providerFor(asked.api, asked.model);
  if (!provider) throw noProvider(asked);
  const headers = provider.headersOf(asked, req.headers);
  const handle = await req.tollgate.calls.begin(
    {
      method: 'POST',
      url: provider.urlOf(asked),
      headers,
      body: asked.body,
      provider: provider.name,
      api: asked.api,
    },
    { whenClientGone: settings.whenClientGone },
  );
  const answer = new ClientAnswer(res);
  const result = await exchange(handle, provider, headers, answer, settings, asked);
  publishAttempt(req.tollgate, result, { provider: provider.name, api: asked.api, call: handle.call });
  const { outcome, status, sent } = result;
  const settled = handle.end({ outcome, status, sent, last: true });
  // So that the answer can state its cost, and the client's next request meets counters that are right.
  if (answer.isKept && !result.error) await atMost(maxSettleWaitMs, settled);
  finishAnswer(req, res, next, answer, result, {
    refusals: settings.refusals,
    errorFormat: settings.errorFormat === 'auto' ? formatOf(asked) : settings.errorFormat,
  });
  await settled;
}

/** Makes the attempt; whatever goes wrong before it, the handle gets its end. */
async function exchange(
  handle: CallHandle,
  provider: Provider,
  headers: Record<string, string>,
  answer: ClientAnswer,
  settings: ProxySettings,
  asked: AskedCall,
): Promise<AttemptResult> {
  const { call } = handle;
  try {
    const { origin, path } = provider.targetOf({ ...asked, model: wireModel(call, asked) });
    return await attempt(
      {
        signal: handle.signal,
        onResponse: (status, given) => handle.onResponse(status, given),
        onChunk: (chunk) => handle.onChunk(chunk),
        onEnd: () => handle.onEnd(),
        stopped: () => call.stopped,
      },
      {
        dispatcher: provider.dispatcher(),
        origin,
        path,
        method: 'POST',
        headers: provider.signed(headers),
        body: handle.body,
      },
      answer,
      {
        timeouts: timeoutsOf(provider.timeouts, settings.timeouts),
        whenClientGone: handle.drains ? 'drain' : 'abort',
        drainMs: settings.drainMs,
        maxResponseBytes: settings.maxResponseBytes,
        isComplete: (last) => asked.stream && saysStreamIsComplete(asked.api, last),
        isBrokenOff: () => asked.stream && call.answer === 'cut',
        inParts: asked.stream,
        nowMs: () => performance.now(),
      },
    );
  } catch (error) {
    await handle.end({ outcome: 'error', status: 0, sent: false, last: true });
    throw error;
  }
}

/** The steps may have chosen another model; where the model is part of the path, its name on the wire is the path's. */
function wireModel({ parsed }: Call, asked: AskedCall): string | undefined {
  if (!parsed) return asked.model;
  const [path = ''] = parsed.url.replace(/^\w+:\/\/[^/]*/, '').split('?', 1);
  return routeOf('POST', path)?.model ?? parsed.model;
}

/** Resolves with the promise, or after that long. */
function atMost(ms: number, promise: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function noProvider({ api, model }: AskedCall): TollgateError {
  return new TollgateError({
    status: 404,
    code: 'not_found',
    message: `No provider is set up for ${api}${model === undefined ? '' : ' and this model'}.`,
    param: model === undefined ? undefined : 'model',
  });
}

/** The error shape of the API, which the path of the app's route need not show. */
function formatOf({ api }: AskedCall): ErrorFormat {
  if (api === 'anthropic-messages') return 'anthropic';
  return api === 'gemini-generate' ? 'gemini' : 'openai';
}
