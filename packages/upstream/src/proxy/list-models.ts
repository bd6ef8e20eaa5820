import { TollgateError } from '@tollgate/core';
import { errorFormatOf, modelAllowed } from '@tollgate/core/internal';
import { formatOf } from '@tollgate/wire';
import type { NextFunction, Request, Response } from 'express';
import { attempt } from '../exchange/attempt.js';
import type { Provider } from '../provider/provider.js';
import { timeoutsOf } from '../provider/timeouts.js';
import { ClientAnswer } from './client-answer.js';
import { finishAnswer } from './finish-answer.js';
import { ModelList } from './model-list.js';
import type { ProxySettings } from './options.js';
import { publishAttempt } from './publish-attempt.js';

const nothing = new Uint8Array(0);

/** A list is kept until it is whole; OpenAI's has about a hundred models, in 15 kB. */
const maxListBytes = 4 * 1024 * 1024;

/** The query for the longest page, which contains all models. */
const wholePage = ({ apis }: Provider): string =>
  apis.map((api) => formatOf(api).wholeList).find((query) => query !== '') ?? '';

/**
 * Answers with those of a provider's models that this proxy and the steps of the request's calls would let through: allowed to the
 * caller, and priced. It is free of charge and no call: nothing is begun or settled.
 */
export async function listModels(
  req: Request,
  res: Response,
  next: NextFunction,
  settings: ProxySettings,
): Promise<void> {
  const format = errorFormatOf(req);
  const provider = settings.listing(format);
  if (!provider) {
    throw new TollgateError({
      status: 404,
      code: 'not_found',
      message: 'No provider here lists its models.',
    });
  }
  const ask = { api: 'models', stream: false } as const;
  const answer = new ClientAnswer(req.tollgate, res);
  const { name, models } = provider;
  const list = new ModelList(
    (model) => modelAllowed(models, model) && req.tollgate.calls.allows(model, name),
  );
  const target = provider.targetOf(ask);
  const page = wholePage(provider);
  const path = page === '' ? target.path : `${target.path}${target.path.includes('?') ? '&' : '?'}${page}`;
  const result = await attempt(
    {
      onStop: () => {},
      onResponse: (status) => list.begin(status),
      onChunk(chunk) {
        list.push(chunk);
        return nothing;
      },
      onEnd: () => list.end(),
      stopped: () => undefined,
    },
    {
      ...target,
      path,
      dispatcher: provider.dispatcher(),
      method: 'GET',
      headers: provider.signed(provider.headersOf(ask, req.headers)),
      body: undefined,
    },
    answer,
    {
      timeouts: timeoutsOf(provider.timeouts, settings.timeouts),
      drains: false,
      maxResponseBytes: Math.min(settings.maxResponseBytes, maxListBytes),
      isComplete: () => false,
      isBrokenOff: () => false,
      inParts: false,
      nowMs: () => performance.now(),
    },
  );
  publishAttempt(req.tollgate, result, { provider: provider.name, api: 'models' });
  finishAnswer(req, res, next, answer, result, settings);
}
