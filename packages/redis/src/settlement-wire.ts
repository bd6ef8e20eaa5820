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
import { crossingsIn, groupsIn, stateIn } from './figures.js';
import { Packer } from './packer.js';
import { listIn, textIn } from './reply.js';

/** A charge whose usage event somebody else writes has none. */
export type QuietCharge = Omit<ChargeRequest, 'event'> & {
  readonly event: UsageEvent | undefined;
  /** It has been published already. */
  readonly isQuiet?: boolean;
};
export type QuietRenewal = Omit<RenewRequest, 'running'> & {
  readonly running: readonly (Omit<RunningCost, 'event'> & { readonly event?: UsageEvent })[];
};

/** `rememberMs`: how long an id is remembered of which no lease is known. */
export function chargeText(args: CallArguments, request: QuietCharge, rememberMs: number): Buffer {
  const { id, attemptId, close, event, items } = request;
  const packer = new Packer()
    .text(id)
    .text(attemptId)
    .number(close ? 1 : 0)
    .number(rememberMs);
  packer.number(args.event(event)).number(items.length);
  for (const item of items) packItem(packer, args, item);
  return packer.done();
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
  const told = listIn(reply);
  const isPlain = told[0] === 3;
  const [outcome, states, crossed] = isPlain
    ? ['charged', groupsIn(told.slice(1), 0).map((group) => ['', 0, ...group]), []]
    : told;
  const figures = listIn(states);
  const text = textIn(outcome);
  return {
    outcome: text === 'adjusted' || text === 'repeated' ? text : 'charged',
    recorded,
    states: items.map((item, at) => stateIn(item, figures[at], item.windowId)),
    crossed: crossingsIn(crossed),
  };
}

/** Key, cap, amount, release, unit, then what the counter would begin with: its rate, or the end of its window. */
function packItem(packer: Packer, args: CallArguments, item: ChargeItem): void {
  const { counter, windowId, window, limit, amount, release, unit } = item;
  const isBucket = window.kind === 'bucket' && windowId === 'bucket';
  const kind = isBucket ? 'b' : window.kind === 'live' && windowId === 'live' ? 'l' : 'c';
  packer.text(`${kind}:${counter}|${windowId}`).number(limit).number(amount).number(release).text(unit);
  const [first, second] = isBucket
    ? rateOf(window)
    : [window.kind === 'calendar' ? args.endOf(window, windowId) : 0, 0];
  packer.number(first).number(second);
}
