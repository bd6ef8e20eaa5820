import type { QuotaStore } from '@tollgate/core';
import { accepts, checkOptions } from '@tollgate/core/internal';
import type { Database } from '@tollgate/postgres';
import { type ResolvedUsage, resolve } from '@tollgate/postgres';
import { writeAudit } from '@tollgate/postgres/internal';
import { type DayOfLedger, dayOfLedger, type OpenAttempt } from './day-of-ledger.js';
import { type ProviderExport, type ProviderFigures, readProviderExport } from './provider-export.js';
import { shared } from './shared.js';

/** Inputs of settling attempts whose end is unknown. */
export interface Settlement {
  /**
   * Pages of one provider's usage and costs, in buckets of a day, see {@link providerPages}. Costs are needed; usage, of all endpoints that the apps call,
   * settles limits on tokens as well.
   */
  pages: readonly unknown[];
  /** Declares that only this ledger's apps use the account. Otherwise the usage of others would count as theirs. */
  exclusive: true;
  /** Who settles, for the audit trail. */
  actor: string;
  /** Whose counters are corrected. Absent: the ledger alone, and counters when they are rebuilt from it. */
  store?: QuotaStore;
  /** The clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** The outcome of a (UTC) day's attempts whose end is unknown. Money in nano-dollars, as decimal strings. */
export interface SettledDay {
  readonly day: string;
  /**
   * `settled`: lowered to the rest of the provider's total · `nothing unresolved` · `too recent`: within 48 hours the provider's figures
   * may grow · `foreign traffic`: the provider billed more than the highest possible cost of all attempts together, so nothing was changed
   * · `no costs`: the pages lack the costs of the whole day.
   */
  readonly outcome: 'settled' | 'nothing unresolved' | 'too recent' | 'foreign traffic' | 'no costs';
  readonly providerNanoUsd: string;
  /** Of attempts whose usage is known. */
  readonly settledNanoUsd: string;
  /** Attempts of which something was unresolved. */
  readonly attempts: number;
  readonly unresolvedBeforeNanoUsd: string;
  readonly unresolvedAfterNanoUsd: string;
}

const dayMs = 86_400_000;
/** The providers' figures are late by hours. */
const ripeMs = 2 * dayMs;

/**
 * Lowers attempts whose end is unknown to the rest of the provider's total for a day: the total minus the cost of attempts with known
 * usage. Each tenant keeps at most that, and at most the charges of its attempts; within a tenant it is shared in proportion to the
 * unresolved amounts, and no attempt falls below its estimate. Their cost changes only where the total allows one value: nothing is left,
 * or there is only one attempt. Attempts near midnight, which the provider may count on either day, keep their charge. A second run has no
 * further effect. Written to the audit trail before anything changes. Throws a `TypeError` for wrong options and for pages that are no such
 * export.
 */
export async function settleUnresolved(database: Database, settlement: Settlement): Promise<SettledDay[]> {
  checkOptions<Settlement>(
    'settleUnresolved',
    settlement,
    {
      ...{
        pages: accepts.arrayOf(accepts.object),
        exclusive: (value) => value === true || 'true, which declares it',
        actor: accepts.string,
      },
      ...{ store: accepts.methods('read'), now: accepts.function },
    },
    ['pages', 'exclusive', 'actor'],
  );
  const { pages, now = Date.now } = settlement;
  const told = readProviderExport(pages);
  await database.ready();
  const days: SettledDay[] = [];
  for (let fromMs = Math.floor(told.fromMs / dayMs) * dayMs; fromMs < told.toMs; fromMs += dayMs) {
    days.push(await settleDay(database, settlement, told, fromMs, now()));
  }
  return days;
}

async function settleDay(
  database: Database,
  settlement: Settlement,
  { provider, figures }: ProviderExport,
  fromMs: number,
  nowMs: number,
): Promise<SettledDay> {
  const day = new Date(fromMs).toISOString().slice(0, 10);
  const theirs = totalsOf(figures.filter((one) => one.day === day));
  const ours = await dayOfLedger(database, provider, fromMs);
  const before = ours.open.reduce((sum, { unresolved }) => sum + unresolved, 0n);
  const said = (outcome: SettledDay['outcome'], after = before): SettledDay => ({
    ...{ day, outcome, attempts: ours.open.length },
    providerNanoUsd: String(theirs.costNanoUsd ?? 0n),
    settledNanoUsd: String(ours.settled.costNanoUsd),
    unresolvedBeforeNanoUsd: String(before),
    unresolvedAfterNanoUsd: String(after),
  });
  if (ours.open.length === 0) return said('nothing unresolved');
  if (fromMs + dayMs > nowMs - ripeMs) return said('too recent');
  if (theirs.costNanoUsd === undefined) return said('no costs');
  if (theirs.costNanoUsd > ours.mostNanoUsd) return said('foreign traffic');
  const { actor, store, now = Date.now } = settlement;
  const facts = { provider, ...said('settled') };
  await writeAudit(
    database.query,
    actor,
    { action: 'usage.settle', tenant: null, subject: day, facts },
    nowMs,
  );
  let after = 0n;
  for (const { attempt, ...truth } of truthsOf(ours, theirs)) {
    const how = { eventId: attempt.eventId, now, ...(store && { store }) };
    const { unresolvedNanoUsd } = await resolve(database, { ...how, ...truth });
    after += BigInt(unresolvedNanoUsd);
  }
  const untouched = ours.open.filter(({ isCertain }) => !isCertain);
  return said(
    'settled',
    untouched.reduce((sum, { unresolved }) => sum + unresolved, after),
  );
}

type Figure = 'costNanoUsd' | 'inputTokens' | 'outputTokens';
type Totals = Readonly<Partial<Record<Figure, bigint>>>;

/** The pages' totals of a day, over all models: a model may have another name in the ledger. */
function totalsOf(figures: readonly ProviderFigures[]): Totals {
  const sum = (name: Figure): bigint | undefined => {
    const told = figures.filter((one) => one[name] !== undefined);
    // The figures of an hour do not cover the day.
    return told.length === 0 || !told.every(({ isWholeDay }) => isWholeDay)
      ? undefined
      : told.reduce((total, one) => total + BigInt(one[name] ?? 0), 0n);
  };
  const [costNanoUsd, inputTokens, outputTokens] = [
    sum('costNanoUsd'),
    sum('inputTokens'),
    sum('outputTokens'),
  ];
  return {
    ...(costNanoUsd !== undefined && { costNanoUsd }),
    ...(inputTokens !== undefined && { inputTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
  };
}

type Truth = { readonly attempt: OpenAttempt } & (
  | { readonly actual: ResolvedUsage }
  | { readonly atMost: ResolvedUsage }
);

function truthsOf(ours: DayOfLedger, theirs: Totals): Truth[] {
  const left = (name: Figure): bigint | undefined => {
    const total = theirs[name];
    if (total === undefined) return undefined;
    const rest = total - ours.settled[name];
    return rest < 0n ? 0n : rest;
  };
  const attempts = ours.open.filter(({ isCertain }) => isCertain);
  if (theirs.costNanoUsd === ours.settled.costNanoUsd) {
    // None of them was billed. Tokens may be free: they are zero only where the usage figures show that too; otherwise they stay at their
    // upper bound.
    const areNone = left('inputTokens') === 0n && left('outputTokens') === 0n;
    return attempts.map((attempt) => {
      const inputTokens = areNone ? 0 : Number(attempt.estimate.inputTokens);
      const outputTokens = areNone ? 0 : Number(attempt.most.outputTokens);
      return { attempt, actual: { inputTokens, outputTokens, costNanoUsd: 0 } };
    });
  }
  const [costs, inputs, outputs] = [left('costNanoUsd'), left('inputTokens'), left('outputTokens')];
  const [only] = ours.isWhole && ours.open.length === 1 ? attempts : [];
  if (only && costs !== undefined && inputs !== undefined && outputs !== undefined) {
    const actual = {
      inputTokens: Number(inputs),
      outputTokens: Number(outputs),
      costNanoUsd: Number(costs),
    };
    return [{ attempt: only, actual }];
  }
  const kept = {
    costNanoUsd: shared(attempts, costs, 'costNanoUsd'),
    inputTokens: shared(attempts, inputs, 'inputTokens'),
    outputTokens: shared(attempts, outputs, 'outputTokens'),
  };
  return attempts.map((attempt) => {
    const most = (name: Figure): number => Number(kept[name].get(attempt) ?? attempt.most[name]);
    return {
      attempt,
      atMost: {
        inputTokens: most('inputTokens'),
        outputTokens: most('outputTokens'),
        costNanoUsd: most('costNanoUsd'),
      },
    };
  });
}
