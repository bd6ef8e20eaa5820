import {
  type Call,
  type CallStep,
  contextOf,
  guarded,
  refuse,
  type TollgateContext,
  TollgateError,
} from '@tollgate/core';
import type { RequestHandler, Response } from 'express';
import { subjectsOfCaller } from '../features/subjects-of-caller.js';
import type { Ladder } from '../ladder/ladder.js';

/** Requests that may wait at once; beyond they are refused, for whoever is slowed down must not fill the memory. */
const mostWaiting = 500;

/** Slows callers down and asks cheaper models, as long as their measures last. */
export function measuresGuard(ladder: Ladder, now: () => number): RequestHandler {
  let waiting = 0;
  return guarded('watchGuard', async (req, res, next) => {
    const context = contextOf(req, res);
    const { caller } = context;
    if (!caller) return next();
    const subjects = subjectsOfCaller(caller);
    const delayMs = subjects.reduce((longest, subject) => {
      const action = ladder.active('slow', subject, now())?.action;
      return action?.do === 'slow' ? Math.max(longest, action.delayMs) : longest;
    }, 0);
    if (delayMs > 0 && waiting >= mostWaiting) return refuse(req, res, next, tooMany());
    if (delayMs > 0) {
      waiting += 1;
      const stayed = await waited(res, delayMs);
      waiting -= 1;
      if (!stayed) return;
    }
    if (!context.calls.finished) context.calls.use(cheaperStep(context, ladder, now));
    next();
  });
}

function cheaperStep(context: TollgateContext, ladder: Ladder, now: () => number): CallStep {
  return {
    name: 'watch',
    stage: 'switch',
    begin: (call) => {
      const { parsed } = call;
      if (!parsed || !context.caller) return;
      for (const subject of subjectsOfCaller(context.caller)) {
        const action = ladder.active('cheaper', subject, now())?.action;
        if (action?.do !== 'cheaper') continue;
        const model = Object.hasOwn(action.models, parsed.model) ? action.models[parsed.model] : undefined;
        if (model !== undefined) askInstead(context, call, model);
      }
    },
  };
}

/** Another model, where the caller may use it and it does not cost more. */
function askInstead(context: TollgateContext, { parsed }: Call, model: string): void {
  if (!parsed || !context.calls.allows(model, parsed.provider)) return;
  if (parsed.estimateOf({ model }).costNanoUsd < parsed.estimate.costNanoUsd) parsed.apply({ model });
}

/** `false` where the client went away meanwhile. */
function waited(res: Response, delayMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (stayed: boolean): void => {
      clearTimeout(timer);
      res.removeListener('close', gone);
      resolve(stayed);
    };
    const gone = (): void => done(false);
    const timer = setTimeout(() => done(true), delayMs);
    res.once('close', gone);
  });
}

function tooMany(): TollgateError {
  return new TollgateError({
    status: 429,
    code: 'abnormal_usage',
    message: 'This account is slowed down, and too many of its requests wait already.',
    retryAfterMs: 5_000,
  });
}
