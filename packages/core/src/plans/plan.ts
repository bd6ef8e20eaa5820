import type { Limit, RequestRate, ScopePart } from './limit.js';
import type { CalendarPeriod } from './window.js';

/**
 * A limit as a text: `'20k/day'`, `'$0.50/day'`, `'5/min'`. Amounts take `k`, `M` and `_`; periods are `s`, `sec`, `second`, `min`,
 * `minute`, `h`, `hour`, `day`, `week`, `month` (`s` for requests and buckets only).
 */
export type LimitText = string;

/** The long form of a limit. */
export interface LimitDeclaration {
  /** E.g. `'$50/month'`. */
  limit: LimitText;
  /** Whose counter. @defaultValue 'key' */
  by?: ScopePart | readonly ScopePart[];
  /** IANA time zone in which days, weeks and months begin. @defaultValue 'UTC' */
  timeZone?: string;
  /** Day of the month (1 to 31) or of the week (1 Monday to 7 Sunday) on which a window begins. @defaultValue 1 */
  anchorDay?: number;
  /**
   * `calendar`: from one boundary to the next. `bucket`: refills steadily.
   * @defaultValue 'bucket' for tokens per minute, otherwise 'calendar'
   */
  window?: 'calendar' | 'bucket';
  /** Capacity of a bucket, an integer in the limit's unit (dollars as text). @defaultValue the amount itself */
  burst?: number | string;
  /**
   * A share of the limit, above 0 and at most 1, that is admitted beyond it and reported: `0.1` of `'$50/month'` admits up to $55. From $50 on
   * each response has `x-tollgate-warning: overage;limit="usd-month"`, and `tollgate:overage` is published. Of calendar windows only; shares of
   * the ladder and of alerts are of the whole. Default: none.
   */
  overage?: number;
  /** Counts and warns, never refuses. @defaultValue false */
  soft?: boolean;
  /** Shown in headers and refusals. @defaultValue unit and period, e.g. `usd-day` */
  name?: string;
}

/** The long form of a plan's requests. */
export interface RequestsDeclaration {
  /** E.g. `'100/min'`. */
  rate: LimitText;
  /** The most within one second, 1 to the rate's amount. Absent: no narrower bound. */
  burst?: number;
  /**
   * `fixed`: begins with a counter's first request and ends a period later. `sliding`: ends now, at any moment, so that no period of that
   * length contains more. @defaultValue 'fixed'
   */
  window?: 'fixed' | 'sliding';
  /** Whose counter. @defaultValue 'key' */
  by?: ScopePart | readonly ScopePart[];
  /** @defaultValue unit and period, e.g. `requests-min` */
  name?: string;
}

type OneOrMore<One> = One | readonly One[];

/** A step of a plan's degradation ladder: applied once a share of any of its caps is used. */
export interface DegradeStep {
  /** Share of the cap, 0 < at < 1. Steps rise. */
  at: number;
  /** Which model takes the place of which; both are among the plan's `models`, where it names them. */
  model?: Readonly<Record<string, string>>;
  /** Output cap from here on, in tokens. */
  maxOutputTokens?: number;
  /**
   * `first`: an answer that the caller's tenant has paid for already is given in place of a new one from here on, also one that is older than
   * otherwise, or that another call of the same model would not repeat; see `cache()`. Where there is none, the other steps hold.
   */
  cache?: 'first';
  /** Adds the response header `x-tollgate-warning: budget;used=0.8` from here on. */
  warn?: true;
  /**
   * Requests that declare that they may wait (`Prefer: respond-async`, see `jobs()`) are done later, when usage is below this share again.
   * Others continue. One step at most.
   */
  defer?: true;
  /**
   * Nothing more is admitted from here on, though the cap is not used up: the rest is for running calls. Only as the last step, without
   * other fields.
   */
  refuse?: true;
}

/** From the one that is limited first under pressure to the one that never is. */
export const criticalities = Object.freeze(['low', 'normal', 'high', 'critical'] as const);
export type Criticality = (typeof criticalities)[number];

/** A tier as it is declared. Everything is optional; an empty plan limits nothing. */
export interface PlanDeclaration {
  requests?: OneOrMore<LimitText | RequestsDeclaration>;
  tokens?: OneOrMore<LimitText | LimitDeclaration>;
  inputTokens?: OneOrMore<LimitText | LimitDeclaration>;
  outputTokens?: OneOrMore<LimitText | LimitDeclaration>;
  /** Dollars: `'$0.50/day'`. */
  spend?: OneOrMore<LimitText | LimitDeclaration>;
  /** Requests in flight at once, per caller. Positive integer. */
  concurrent?: number;
  /** Allowed models, at least one; absent: all. `*` at the end matches any ending. */
  models?: readonly string[];
  /** Output cap injected where the client states none, and the most it may state. Positive integer. @defaultValue 4096 injected, no most */
  maxOutputTokens?: number;
  /** Higher values are served first where requests queue. Integer 0 to 100. @defaultValue 0 */
  priority?: number;
  /**
   * How much matters that these callers are served: under pressure `concurrency()` limits less critical ones first. `critical` callers have
   * all permits at all times. @defaultValue 'normal'
   */
  criticality?: Criticality;
  degrade?: readonly DegradeStep[];
}

/** A tier, read and checked. */
export interface Plan {
  readonly name: string;
  /** Limits counted by `rateLimit`. */
  readonly requests: readonly RequestRate[];
  /** Limits counted by `budget`: tokens, money, concurrency. */
  readonly limits: readonly Limit[];
  readonly models?: readonly string[] | undefined;
  readonly maxOutputTokens?: number | undefined;
  readonly priority: number;
  readonly criticality: Criticality;
  readonly degrade: readonly DegradeStep[];
}

/** Plans by name, read and checked. Made by `definePlans`. */
export type Plans<Name extends string = string> = Readonly<Record<Name, Plan>>;

/** Milliseconds of the periods whose length is fixed. */
export const periodMs: Readonly<Record<Exclude<CalendarPeriod, 'month'> | 'second', number>> = Object.freeze({
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
});

/** Output cap of each answer, in tokens, of a call for which neither its client nor its plan states one: it is estimated and sent with this one. */
export const defaultMaxOutputTokens = 4_096;
