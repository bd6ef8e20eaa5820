import type { UsageEvent } from '@tollgate/core';
import type { ChargeItem, ChargeRequest, ChargeResult, CloseRequest } from '@tollgate/core/internal';
import { type CallArguments, rateOf } from '../script/call-arguments.js';
import { type CounterKind, type CounterPack, packCounters, placeOf } from '../script/counter-place.js';
import { crossingsIn, stateIn, storedStateIn } from '../script/figures.js';
import { Packer } from '../script/packer.js';
import { listIn, textIn } from '../script/reply.js';
import { Unpacker } from '../script/unpacker.js';
import type { HeldLease, Hold } from './held-lease.js';
import type { QuietCharge, QuietRenewal } from './quiet-requests.js';

/** `rememberMs`: how long an id is remembered of which no lease is known. */
export function chargeText(args: CallArguments, request: QuietCharge, rememberMs: number): Buffer {
  const { id, attemptId, close, event, items } = request;
  const { packer } = args;
  packer
    .text(id)
    .text(attemptId)
    .byte(close ? 1 : 0)
    .text(String(rememberMs))
    .short(args.event(event))
    .short(items.length);
  const pack: CounterPack<ChargeItem> = {
    kindOf,
    windowIdOf: ({ windowId }) => windowId,
    hot: packItem,
    cold: (_packer, item) => packBeginning(packer, args, item),
    coldBytes: 16,
  };
  packCounters(packer, items, pack);
  return packer.done();
}

function packItem(packer: Packer, { limit, amount, release }: ChargeItem): void {
  packer.number(limit).number(amount).number(release);
}

/** The operation that restores a process's holds in a partition that has lost them. */
export function holdText(args: CallArguments, { id, leaseMs, holds, attempts }: HeldLease): string {
  const keyOf = ({ counter, windowId }: Hold): string =>
    `${kindOf({ ...counter, windowId })}:${counter.counter}|${windowId}`;
  return JSON.stringify([
    id,
    leaseMs,
    holds.map((hold) => {
      const { unit, limit, window } = hold.counter;
      const beginning = beginningOf(args, { window, windowId: hold.windowId });
      return [keyOf(hold), unit, limit, ...beginning, hold.amount];
    }),
    attempts.map((attempt) => [
      attempt.id,
      args.event(attempt.event),
      attempt.costs.map(({ hold, floor, running }) => [keyOf(hold), floor, running]),
    ]),
  ]);
}

export function closeText({ id }: CloseRequest, rememberMs: number): string {
  return JSON.stringify([id, rememberMs]);
}

/** Settles a part of a lease held by one attempt; the next attempt holds the rest. */
export interface DrawRequest {
  readonly id: string;
  readonly partition: string;
  readonly attemptId: string;
  readonly nextAttemptId: string;
  readonly item: ChargeItem;
  /** The amount of the next attempt: the whole rest of the hold. */
  readonly left: number;
}

export function drawText({ id, attemptId, nextAttemptId, item, left }: DrawRequest): Buffer {
  const { scope, field } = placeOf(kindOf(item), item.counter, item.windowId);
  const packer = new Packer(256).text(id).text(attemptId).text(nextAttemptId).text(scope).text(field);
  return packer.number(item.limit).number(item.amount).number(item.release).number(left).done();
}

/** Usage events that are appended together, once for each id. */
export interface AppendRequest {
  readonly id: string;
  readonly partition: string;
  readonly events: readonly UsageEvent[];
}

export function appendText(args: CallArguments, { id, events }: AppendRequest, rememberMs: number): Buffer {
  const [first = 0] = events.map((event) => args.event(event));
  return new Packer(64).text(id).short(first).short(events.length).text(String(rememberMs)).done();
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
  if (Buffer.isBuffer(reply)) {
    // After a byte, and the time.
    const stored = new Unpacker(reply, 9);
    const states = items.map((item) => storedStateIn(item, windowKinds[kindOf(item)], item.windowId, stored));
    return { outcome: 'charged', recorded, states, crossed: [] };
  }
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

const windowKinds = { c: 'calendar', b: 'bucket', l: 'live' } as const;

type WindowOfItem = Pick<ChargeItem, 'window' | 'windowId'>;

/** The window of an item may be another than the one that its id is of. */
function kindOf({ window, windowId }: WindowOfItem): CounterKind {
  if (window.kind === 'bucket' && windowId === 'bucket') return 'b';
  return window.kind === 'live' && windowId === 'live' ? 'l' : 'c';
}

function packBeginning(packer: Packer, args: CallArguments, item: ChargeItem): void {
  const [first, second] = beginningOf(args, item);
  packer.number(first).number(second);
}

/** The initial value of an absent counter: its rate, or the end of its window. */
function beginningOf(args: CallArguments, item: WindowOfItem): readonly [number, number] {
  const { windowId, window } = item;
  if (kindOf(item) === 'b' && window.kind === 'bucket') return rateOf(window);
  return [window.kind === 'calendar' ? args.endOf(window, windowId) : 0, 0];
}
