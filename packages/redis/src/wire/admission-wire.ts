import {
  type CoverRequest,
  type ExtendRequest,
  type QuotaAlternative,
  type QuotaCharge,
  type QuotaRefusal,
  type ReserveRequest,
  type ReserveResult,
  refusalOf,
  type Unit,
  type Window,
} from '@tollgate/core/internal';
import { type CallArguments, rateOf } from '../script/call-arguments.js';
import { type CounterKind, type CounterPack, packCounters } from '../script/counter-place.js';
import { crossingsIn, stateIn, storedStateIn, type ToldCounter, viewOf } from '../script/figures.js';
import type { Packer } from '../script/packer.js';
import { listIn, numberIn, type Reply, textIn } from '../script/reply.js';
import { Unpacker } from '../script/unpacker.js';

export function reserveText(args: CallArguments, request: ReserveRequest): Buffer {
  const { id, leaseMs, attemptId = '', alternatives } = request;
  const { packer } = args;
  packer.text(id).number(leaseMs).text(attemptId).byte(alternatives.length);
  const pack: CounterPack<QuotaCharge> = {
    kindOf: ({ window }) => kindOf(window),
    windowIdOf: ({ window }) => args.windowId(window),
    hot: packCharge,
    cold: (_packer, { window, floor }) => packer.short(args.window(window)).number(floor ?? 0),
    coldBytes: 10,
  };
  for (const { charges, event } of alternatives) {
    packer
      .short(args.event(event))
      .short(charges.length)
      .byte(areDistinct(charges) ? 1 : 0);
    packCounters(packer, charges, pack);
  }
  return packer.done();
}

function areDistinct(charges: readonly QuotaCharge[]): boolean {
  for (let at = 1; at < charges.length; at += 1) {
    for (let before = 0; before < at; before += 1) {
      if (charges[before]?.counter === charges[at]?.counter) return false;
    }
  }
  return true;
}

export function extendText(args: CallArguments, { id, charges, event }: ExtendRequest): string {
  const asked = charges.map((charge) => chargeOf(args, charge));
  return JSON.stringify([id, questionOf(charges), asked, args.event(event)]);
}

/** An extension that asks the same once more is a repetition. */
export const questionOf = (charges: readonly QuotaCharge[]): string =>
  JSON.stringify(charges.map(({ counter, limit, want }) => [counter, limit, want]));

export function coverText(args: CallArguments, { id, attemptId, alternatives }: CoverRequest): string {
  return JSON.stringify([id, attemptId, alternativesOf(args, alternatives)]);
}

/** The script's result of a request to hold amounts; a repeated request gets the first result. `args`: the arguments sent to the script. */
export function admissionIn(
  alternatives: readonly QuotaAlternative[],
  args: CallArguments | undefined,
  reply: unknown,
): ReserveResult {
  if (!args) throw new TypeError('an answer came to what was not sent');
  if (Buffer.isBuffer(reply)) return plainlyAdmittedIn(alternatives, args, new Unpacker(reply));
  const [ok, ...rest] = listIn(reply);
  if (ok === 1) return admittedIn(chargesOf(alternatives, numberIn(rest[0])), rest);
  if (ok !== 2) return refusedIn(alternatives, rest);
  const [told, answer] = rest;
  return admittedIn(countersIn(told), listIn(answer).slice(1));
}

/** Alternative, time, expiry, whether the whole request was granted, else the granted amounts, then the counters' states. */
function plainlyAdmittedIn(
  alternatives: readonly QuotaAlternative[],
  args: CallArguments,
  told: Unpacker,
): ReserveResult {
  const alternative = told.byte();
  const [nowMs, expiresAtMs] = [told.number(), told.number()];
  const charges = chargesOf(alternatives, alternative);
  const isExact = told.byte() === 1;
  const grants = charges.map(({ counter, window, want }) => {
    const asked = window.kind === 'live' ? Math.min(want, 1) : want;
    return { counter, window: args.windowId(window), granted: isExact ? asked : told.number() };
  });
  const states = charges.map((charge, at) =>
    storedStateIn(charge, charge.window.kind, grants[at]?.window ?? '', told),
  );
  return { ok: true, alternative, grants, states, crossed: [], nowMs, expiresAtMs };
}

function admittedIn(charges: readonly ToldCounter[], told: Reply): ReserveResult {
  const [alternative, nowMs, expiresAtMs, entries, crossed] = told;
  const figures = listIn(entries);
  return {
    ok: true,
    alternative: numberIn(alternative),
    grants: charges.map(({ counter }, at) => {
      const [window, granted] = listIn(figures[at]);
      return { counter, window: textIn(window), granted: numberIn(granted) };
    }),
    states: charges.map((charge, at) => stateIn(charge, figures[at])),
    crossed: crossingsIn(crossed),
    nowMs: numberIn(nowMs),
    expiresAtMs: numberIn(expiresAtMs),
  };
}

/** The counters that were asked first: key, cap and unit each. */
function countersIn(told: unknown): ToldCounter[] {
  return listIn(told).map((entry) => {
    const [counter, limit, unit] = listIn(entry);
    return { counter: textIn(counter), limit: numberIn(limit), unit: textIn(unit) as Unit };
  });
}

function refusedIn(alternatives: readonly QuotaAlternative[], rest: readonly unknown[]): ReserveResult {
  const nowMs = numberIn(rest[0]);
  const charges = chargesOf(alternatives, numberIn(rest[1]));
  const blocking = listIn(rest[2]).map((entry) => {
    const [at, ahead, figures] = listIn(entry);
    const index = numberIn(at);
    return {
      index,
      charge: charges[index] as QuotaCharge,
      windowCounter: viewOf(listIn(figures)),
      ahead: numberIn(ahead),
    };
  });
  const refusal: QuotaRefusal = blocking.length === 0 ? { blockedBy: 'closed' } : refusalOf(blocking, nowMs);
  return { ok: false, refusal, nowMs };
}

const chargesOf = (alternatives: readonly QuotaAlternative[], index: number): readonly QuotaCharge[] =>
  alternatives[index]?.charges ?? [];

const alternativesOf = (args: CallArguments, alternatives: readonly QuotaAlternative[]): unknown[] =>
  alternatives.map(({ charges, event }) => [
    args.event(event),
    charges.map((charge) => chargeOf(args, charge)),
  ]);

function chargeOf(args: CallArguments, charge: QuotaCharge): unknown[] {
  const { counter, window, limit, want, min, onlyBelow, floor, soft, unit } = charge;
  return [
    counter,
    args.window(window),
    limit,
    want,
    min ?? -1,
    onlyBelow ?? 0,
    floor ?? 0,
    soft ? 1 : 0,
    unit,
  ];
}

/** Flags (1: soft, 2: less will do, 4: only below a share), cap and amount, then that least, that share, and a bucket's rate. */
function packCharge(packer: Packer, { window, limit, want, min, onlyBelow, soft }: QuotaCharge): void {
  const flags = (soft ? 1 : 0) + (min === undefined ? 0 : 2) + (onlyBelow === undefined ? 0 : 4);
  packer.byte(flags).number(limit).number(want);
  if (min !== undefined) packer.number(min);
  if (onlyBelow !== undefined) packer.number(onlyBelow);
  if (window.kind !== 'bucket') return;
  const [numerator, denominator] = rateOf(window);
  packer.number(numerator).number(denominator);
}

const kindOf = ({ kind }: Window): CounterKind => (kind === 'calendar' ? 'c' : kind === 'bucket' ? 'b' : 'l');
