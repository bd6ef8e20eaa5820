import { formatUsd } from '../lib/money.js';
import { describeValue, suggestion } from '../lib/options.js';
import type { Unit } from '../lib/unit.js';
import { declareLimit } from './declare-limit.js';
import type { Limit, ScopePart } from './limit.js';
import type { LimitDeclaration, LimitText } from './plan.js';

/** A limit that can still be given its scope. */
export interface ScopableLimit extends Limit {
  /** The same limit counted for others: `.by('route')` for all callers of a route together, `.by('route', 'user')` for each. */
  by(...scope: readonly ScopePart[]): ScopableLimit;
}

/** Money: `spend('$5/day')`. Throws a `TypeError` for anything that is no limit in dollars. */
export function spend(limit: LimitText | LimitDeclaration): ScopableLimit {
  return scopable('spend', 'usd', limit);
}

/** Input and output tokens together: `tokens('20k/day')`. Per minute it is a bucket. */
export function tokens(limit: LimitText | LimitDeclaration): ScopableLimit {
  return scopable('tokens', 'tokens', limit);
}

/** Input tokens: `inputTokens('1M/day')`. */
export function inputTokens(limit: LimitText | LimitDeclaration): ScopableLimit {
  return scopable('inputTokens', 'inputTokens', limit);
}

/** Output tokens: `outputTokens('100k/day')`. */
export function outputTokens(limit: LimitText | LimitDeclaration): ScopableLimit {
  return scopable('outputTokens', 'outputTokens', limit);
}

/** Requests counted by the quota engine, e.g. per month: `requests('10k/month')`. */
export function requests(limit: LimitText | LimitDeclaration): ScopableLimit {
  return scopable('requests', 'requests', limit);
}

/** Limits outside of a plan, in a plan's words: `{ requests: '2/min', spend: '$5/day' }`. */
export type LimitsByUnit = Partial<
  Record<keyof typeof unitNames, LimitText | LimitDeclaration | readonly (LimitText | LimitDeclaration)[]>
>;

/** A limit outside of a plan: `'$5/day'`, `{ limit: '$5/day', by: 'tenant' }`, `{ requests: '2/min' }` or `spend('$5/day').by('route')`. */
export type DeclaredLimit = LimitText | LimitDeclaration | LimitsByUnit | Limit;

const unitNames = {
  requests: 'requests',
  tokens: 'tokens',
  inputTokens: 'inputTokens',
  outputTokens: 'outputTokens',
  spend: 'usd',
} as const satisfies Record<string, Unit>;

/**
 * Reads limits that an app declares outside of its plans. `scope`: the scope of their counters unless `by` is given. Throws a `TypeError`
 * that starts with `where` for a value that is no limit, and for a text without a unit: only dollars imply theirs.
 */
export function limitsOf(where: string, declared: DeclaredLimit, scope: 'key' | 'global'): Limit[] {
  if (typeof declared === 'string')
    return [declareLimit(where, unitOf(where, declared), { limit: declared, by: scope })];
  if (typeof declared !== 'object' || declared === null) throw noLimit(where, declared);
  if ('unit' in declared) return [declared.unscoped ? scopedBy(declared, scope) : declared];
  if ('limit' in declared) {
    return [declareLimit(where, unitOf(where, declared.limit), { by: scope, ...declared })];
  }
  const fields = Object.entries(declared).filter(([, value]) => value !== undefined);
  if (fields.length === 0) throw noLimit(where, declared);
  return fields.flatMap(([field, value]) => {
    if (!Object.hasOwn(unitNames, field)) {
      throw new TypeError(
        `${where}: unknown unit "${field}"${suggestion(field, Object.keys(unitNames))}; known are ${Object.keys(unitNames).join(', ')}`,
      );
    }
    const unit = unitNames[field as keyof typeof unitNames];
    const each = Array.isArray(value) ? value : [value];
    if (each.length === 0) throw noLimit(`${where}: ${field}`, value);
    return each.map((one: LimitText | LimitDeclaration) =>
      declareLimit(`${where}: ${field}`, unit, {
        by: scope,
        ...(typeof one === 'object' && one !== null ? one : { limit: one }),
      }),
    );
  });
}

/** The unit of a text without context. */
function unitOf(where: string, text: unknown): Unit {
  if (typeof text !== 'string') throw noLimit(where, text);
  if (text.startsWith('$')) return 'usd';
  const shown = describeValue(text);
  throw new TypeError(
    `${where}: the unit of ${shown} is unclear: write { requests: ${shown} } or { tokens: ${shown} }, or dollars as "$5/day"`,
  );
}

function scopedBy({ unscoped: _, ...limit }: Limit, scope: 'key' | 'global'): Limit {
  return Object.freeze({ ...limit, scope: Object.freeze([scope]) });
}

function noLimit(where: string, value: unknown): TypeError {
  return new TypeError(
    `${where} must be a limit such as "$5/day", { requests: "2/min" } or spend("$5/day"), received ${describeValue(value)}`,
  );
}

/** A limit in words: `$5/day by tenant`. */
export function describeLimit({ unit, amount, window, scope }: Limit): string {
  const shown = unit === 'usd' ? `$${formatUsd(amount)}` : `${amount} ${unitWords[unit]}`;
  const period =
    window.kind === 'calendar'
      ? `/${window.period}`
      : window.kind === 'bucket'
        ? ` burst, ${window.rate}/${window.periodMs / 1_000} s`
        : '';
  return `${shown}${period} by ${scope.map((part) => (typeof part === 'string' ? part : part.name)).join(' and ')}`;
}

const unitWords: Readonly<Record<Unit, string>> = {
  requests: 'requests',
  tokens: 'tokens',
  inputTokens: 'input tokens',
  outputTokens: 'output tokens',
  usd: 'dollars',
  concurrent: 'in flight',
};

function scopable(builder: string, unit: Unit, declared: LimitText | LimitDeclaration): ScopableLimit {
  const declaration: LimitDeclaration = typeof declared === 'string' ? { limit: declared } : declared;
  const limit = declareLimit(`${builder}()`, unit, declaration);
  return Object.freeze({
    ...limit,
    ...(declaration.by === undefined && { unscoped: true as const }),
    by: (...scope: readonly ScopePart[]) => scopable(builder, unit, { ...declaration, by: scope }),
  });
}
