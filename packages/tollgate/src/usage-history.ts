import {
  type Caller,
  contextOf,
  formatUsd,
  guarded,
  isTollgateError,
  refuse,
  TollgateError,
} from '@tollgate/core';
import { withinDeadline } from '@tollgate/core/internal';
import type { Ledger } from '@tollgate/postgres';
import { reports, type UsageQuery, type UsageSum } from '@tollgate/reports';
import type { Request, RequestHandler } from 'express';
import { needsKey, unreadable } from './usage-errors.js';

/** Dimensions of a caller's own usage, beside its labels (`label:<name>`). */
const dimensions = ['day', 'week', 'month', 'provider', 'model', 'route', 'feature', 'outcome'];
const mostDimensions = 4;
const dayMs = 86_400_000;
const usualDays = 30;
const mostDays = 400;
const usualRows = 1_000;
const mostRows = 10_000;
/** How long a caller waits for the ledger, in ms. */
const ledgerMs = 10_000;
/** Questions that the ledger answers at a time, of one caller and of all: its connections are needed for keys and usage events. */
const mostOfOne = 2;
const mostOfAll = 4;

/** A date, or a time whose zone is stated: another one would mean the server's. */
const moment = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/;

type Dimensions = NonNullable<UsageQuery['by']>;

/** A question as it was asked, checked. */
interface Asked {
  readonly by: Dimensions;
  readonly from: Date;
  readonly to: Date;
  readonly timeZone: string;
  readonly limit: number;
}

/**
 * Reports what the caller's own key (or user, for tokens) has used before, from the ledger: `?by=model,day&from=2026-11-01&to=2026-12-01`,
 * and `time_zone`, `limit`. Counts nothing and is never blocked by a budget. Answers 400 `invalid_value` for a wrong question, 403
 * `insufficient_scope` for callers without usage of their own, 429 `concurrency_exceeded` beyond two questions at a time, four of all callers, and 503
 * `store_unavailable` while the ledger is away.
 */
export function usageHistory({ database }: Pick<Ledger, 'database'>, now: () => number): RequestHandler {
  const { usage } = reports({ database });
  const questions = new Questions();
  return guarded('usageHistory', async (req, res, next) => {
    const { caller } = contextOf(req, res);
    try {
      if (!caller) throw needsKey();
      const where = ownUsageOf(caller);
      const asked = questionIn(req, now());
      // One more row, to know whether there are more.
      const query = { ...asked, where, limit: asked.limit + 1 };
      const told = questions.ask(JSON.stringify(where), () => usage(query));
      const late = (): Error => new Error(`no answer within ${ledgerMs} ms`);
      res.json(answerOf(asked, await withinDeadline(ledgerMs, told, late)));
    } catch (error) {
      refuse(req, res, next, isTollgateError(error) ? error : unreadable(error));
    }
  });
}

/** The caller's own usage: that of its key, or of its user where it came with a token. */
function ownUsageOf({ tenant, keyId, user, childId }: Caller): NonNullable<UsageQuery['where']> {
  if (childId !== undefined) {
    throw noHistory('The usage of a child credential is kept with its key: ask with that key.');
  }
  if (keyId !== undefined) return { tenant, key: keyId };
  if (user !== undefined) return { tenant, user };
  throw noHistory('This credential names neither a key nor a user, so no usage is kept as its own.');
}

function answerOf({ by, from, to, timeZone, limit }: Asked, sums: readonly UsageSum[]): object {
  return {
    object: 'usage_history',
    from: from.toISOString(),
    to: to.toISOString(),
    time_zone: timeZone,
    by,
    has_more: sums.length > limit,
    rows: dearest(sums, limit).map((sum) => ({
      ...sum.by,
      calls: sum.calls,
      attempts: sum.attempts,
      input_tokens: sum.inputTokens,
      cached_input_tokens: sum.cachedInputTokens,
      cache_write_tokens: sum.cacheWriteTokens,
      output_tokens: sum.outputTokens,
      reasoning_tokens: sum.reasoningTokens,
      cost_usd: formatUsd(Number(sum.costNanoUsd)),
      unconfirmed_usd: formatUsd(Number(sum.unconfirmedNanoUsd)),
    })),
  };
}

/** The dearest sums, in their order: all but one, where there is one too many. */
function dearest(sums: readonly UsageSum[], most: number): readonly UsageSum[] {
  if (sums.length <= most) return sums;
  let cheapest = sums[0];
  for (const sum of sums) if (Number(sum.costNanoUsd) <= Number(cheapest?.costNanoUsd)) cheapest = sum;
  return sums.filter((sum) => sum !== cheapest);
}

/** Counts the questions that the ledger is answering: until it has, also where the caller has stopped waiting. */
class Questions {
  #all = 0;
  readonly #ofCaller = new Map<string, number>();

  /** Throws a TollgateError (429) where too many are being answered. */
  ask<Answer>(caller: string, question: () => Promise<Answer>): Promise<Answer> {
    const own = this.#ofCaller.get(caller) ?? 0;
    if (own >= mostOfOne || this.#all >= mostOfAll) throw tooMany();
    this.#count(caller, 1);
    return question().finally(() => this.#count(caller, -1));
  }

  #count(caller: string, by: 1 | -1): void {
    this.#all += by;
    const own = (this.#ofCaller.get(caller) ?? 0) + by;
    if (own > 0) this.#ofCaller.set(caller, own);
    else this.#ofCaller.delete(caller);
  }
}

const tooMany = (): TollgateError =>
  new TollgateError({
    status: 429,
    code: 'concurrency_exceeded',
    message: 'Too many questions about past usage are being answered.',
    retryAfterMs: 1_000,
  });

function questionIn(req: Request, nowMs: number): Asked {
  const given = new Map(new URLSearchParams(req.originalUrl.split('?').slice(1).join('?')));
  const take = (name: string): string | undefined => {
    const value = given.get(name);
    given.delete(name);
    return value;
  };
  const to = momentIn('to', take('to'), nowMs);
  const from = momentIn('from', take('from'), to - usualDays * dayMs);
  if (from >= to) throw invalid('from', '"from" must be before "to".');
  if (to - from > mostDays * dayMs)
    throw invalid('from', `At most ${mostDays} days can be asked for at once.`);
  const asked: Asked = {
    by: dimensionsIn(take('by') ?? 'day'),
    from: new Date(from),
    to: new Date(to),
    timeZone: zoneIn(take('time_zone') ?? 'UTC'),
    limit: rowsIn(take('limit')),
  };
  const [unknown] = given.keys();
  if (unknown === undefined) return asked;
  throw invalid(unknown, 'Unknown parameter; known are by, from, to, time_zone and limit.');
}

function dimensionsIn(text: string): Dimensions {
  const by = text.split(',').map((name) => name.trim());
  const wrong = by.find((name) => !dimensions.includes(name) && !/^label:[\w.-]{1,64}$/.test(name));
  if (wrong !== undefined) {
    throw invalid('by', `"by" must be some of ${dimensions.join(', ')} and label:<name>.`);
  }
  if (new Set(by).size < by.length) throw invalid('by', '"by" names a dimension twice.');
  if (by.length > mostDimensions) throw invalid('by', `"by" takes at most ${mostDimensions} dimensions.`);
  return by as unknown as Dimensions;
}

function momentIn(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const ms = moment.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(ms)) return ms;
  throw invalid(
    name,
    `"${name}" must be a date such as 2026-11-01 (UTC), or a time with its zone in ISO 8601.`,
  );
}

function zoneIn(timeZone: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
  } catch {
    throw invalid('time_zone', '"time_zone" must be an IANA time zone such as Europe/Berlin.');
  }
}

function rowsIn(text: string | undefined): number {
  const rows = text === undefined ? usualRows : Number(text);
  if (Number.isInteger(rows) && rows >= 1 && rows <= mostRows) return rows;
  throw invalid('limit', `"limit" must be an integer from 1 to ${mostRows}.`);
}

const invalid = (param: string, message: string): TollgateError =>
  new TollgateError({ status: 400, code: 'invalid_value', message, param, retryAfterMs: false });

const noHistory = (message: string): TollgateError =>
  new TollgateError({ status: 403, code: 'insufficient_scope', message, retryAfterMs: false });
