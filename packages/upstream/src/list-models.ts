import { errorFormatOf, TollgateError } from '@tollgate/core';
import type { NextFunction, Request, Response } from 'express';
import { attempt } from './attempt.js';
import { ClientAnswer } from './client-answer.js';
import { finishAnswer } from './finish-answer.js';
import type { ProxySettings } from './options.js';
import { publishAttempt } from './publish-attempt.js';
import { timeoutsOf } from './timeouts.js';

const nothing = new Uint8Array(0);

/** Answers with a provider's list of models. It is free of charge and no call: nothing is begun or settled. */
export async function listModels(
  req: Request,
  res: Response,
  next: NextFunction,
  settings: ProxySettings,
): Promise<void> {
  const format = errorFormatOf(req);
  const provider = settings.listing(format === 'anthropic');
  if (!provider) {
    throw new TollgateError({
      status: 404,
      code: 'not_found',
      message: 'No provider here lists its models.',
    });
  }
  const ask = { api: 'models', stream: false } as const;
  const answer = new ClientAnswer(res);
  const result = await attempt(
    {
      signal: new AbortController().signal,
      onResponse: () => undefined,
      onChunk: (chunk) => chunk,
      onEnd: () => nothing,
      stopped: () => undefined,
    },
    {
      ...provider.targetOf(ask),
      dispatcher: provider.dispatcher(),
      method: 'GET',
      headers: provider.signed(provider.headersOf(ask, req.headers)),
      body: undefined,
    },
    answer,
    {
      timeouts: timeoutsOf(provider.timeouts, settings.timeouts),
      whenClientGone: 'abort',
      drainMs: 0,
      maxResponseBytes: settings.maxResponseBytes,
      isComplete: () => false,
      isBrokenOff: () => false,
      inParts: false,
      nowMs: () => performance.now(),
    },
  );
  publishAttempt(req.tollgate, result, { provider: provider.name, api: 'models' });
  finishAnswer(req, res, next, answer, result, settings);
}
