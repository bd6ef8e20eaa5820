import type {
  ChargeItem,
  ChargeRequest,
  ChargeResult,
  CloseRequest,
  RenewRequest,
  RunningCost,
  UsageEvent,
} from '@tollgate/core';
import { type CallArguments, rateOf } from './call-arguments.js';
import { crossingsIn, stateIn } from './figures.js';
import { listIn, textIn } from './reply.js';

/** A charge whose usage event somebody else writes has none. */
export type QuietCharge = Omit<ChargeRequest, 'event'> & { readonly event: UsageEvent | undefined };
export type QuietRenewal = Omit<RenewRequest, 'running'> & {
  readonly running: readonly (Omit<RunningCost, 'event'> & { readonly event?: UsageEvent })[];
};

/** `rememberMs`: how long an id is remembered of which no lease is known. */
export function chargeText(args: CallArguments, request: QuietCharge, rememberMs: number): string {
  const { id, attemptId, close, event, items } = request;
  const texts = items.map((item) => itemOf(args, item));
  return JSON.stringify([id, attemptId, close ? 1 : 0, rememberMs, args.event(event), texts]);
}

export function closeText({ id }: CloseRequest, rememberMs: number): string {
  return JSON.stringify([id, rememberMs]);
}

export function renewText(args: CallArguments, { id, running }: QuietRenewal): string {
  return JSON.stringify([
    id,
    running.map(({ attemptId, event, items }) => [
      attemptId,
      args.event(event),
      items.map(({ counter, windowId, amount }) => [`${counter}|${windowId}`, amount]),
    ]),
  ]);
}

export function chargedIn(
  { items }: Pick<ChargeRequest, 'items'>,
  recorded: boolean,
  reply: unknown,
): ChargeResult {
  const [outcome, states, crossed] = listIn(reply);
  const figures = listIn(states);
  const text = textIn(outcome);
  return {
    outcome: text === 'adjusted' || text === 'repeated' ? text : 'charged',
    recorded,
    states: items.map((item, at) => stateIn(item, figures[at], item.windowId)),
    crossed: crossingsIn(crossed),
  };
}

function itemOf(args: CallArguments, item: ChargeItem): unknown[] {
  const { counter, windowId, window, limit, amount, release, unit } = item;
  if (window.kind === 'bucket' && windowId === 'bucket') {
    return [`b:${counter}|bucket`, limit, amount, release, unit, rateOf(window)];
  }
  if (window.kind === 'live' && windowId === 'live')
    return [`l:${counter}|live`, limit, amount, release, unit, 0];
  const endMs = window.kind === 'calendar' ? args.endOf(window, windowId) : 0;
  return [`c:${counter}|${windowId}`, limit, amount, release, unit, endMs];
}
