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
} from '@tollgate/core';
import type { CallArguments } from './call-arguments.js';
import { crossingsIn, groupsIn, stateIn, type ToldCounter, viewOf } from './figures.js';
import { Packer } from './packer.js';
import { listIn, numberIn, type Reply, textIn } from './reply.js';

export function reserveText(args: CallArguments, request: ReserveRequest): Buffer {
  const { id, leaseMs, attemptId = '', alternatives } = request;
  const packer = new Packer().text(id).number(leaseMs).text(attemptId).number(alternatives.length);
  for (const { charges, event } of alternatives) {
    packer.number(args.event(event)).number(charges.length);
    for (const charge of charges) packCharge(packer, args, charge);
  }
  return packer.done();
}

export function extendText(args: CallArguments, { id, charges }: ExtendRequest): string {
  const digest = JSON.stringify(charges.map(({ counter, limit, want }) => [counter, limit, want]));
  return JSON.stringify([id, digest, charges.map((charge) => chargeOf(args, charge))]);
}

export function coverText(args: CallArguments, { id, attemptId, alternatives }: CoverRequest): string {
  return JSON.stringify([id, attemptId, alternativesOf(args, alternatives)]);
}

/** What a script answered about a request to hold something; a repetition is answered as what was asked first. */
export function admissionIn(alternatives: readonly QuotaAlternative[], reply: unknown): ReserveResult {
  const [ok, ...rest] = listIn(reply);
  if (ok === 1) return admittedIn(chargesOf(alternatives, numberIn(rest[0])), rest);
  if (ok === 3) {
    const [alternative, nowMs, expiresAtMs, ...figures] = rest;
    const told = [alternative, nowMs, expiresAtMs, groupsIn(figures, 2), []];
    return admittedIn(chargesOf(alternatives, numberIn(alternative)), told);
  }
  if (ok !== 2) return refusedIn(alternatives, rest);
  const [told, answer] = rest;
  return admittedIn(countersIn(told), listIn(answer).slice(1));
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
  const obstacles = listIn(rest[2]).map((entry) => {
    const [at, ahead, figures] = listIn(entry);
    const index = numberIn(at);
    return {
      index,
      charge: charges[index] as QuotaCharge,
      tally: viewOf(listIn(figures)),
      ahead: numberIn(ahead),
    };
  });
  const refusal: QuotaRefusal =
    obstacles.length === 0 ? { blockedBy: 'closed' } : refusalOf(obstacles, nowMs);
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

function packCharge(packer: Packer, args: CallArguments, charge: QuotaCharge): void {
  const { counter, window, limit, want, min, onlyBelow, floor, soft, unit } = charge;
  packer
    .text(counter)
    .number(args.window(window))
    .number(limit)
    .number(want)
    .number(min ?? -1);
  packer
    .number(onlyBelow ?? 0)
    .number(floor ?? 0)
    .number(soft ? 1 : 0)
    .text(unit);
}
