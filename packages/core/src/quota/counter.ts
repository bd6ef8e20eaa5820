import { createHash } from 'node:crypto';
import type { Request } from 'express';
import type { Caller } from '../plans/caller.js';
import type { Limit, ScopePart } from '../plans/limit.js';
import { windowName } from '../plans/window.js';
import type { QuotaCounter } from './quota-store.js';

/** Whom a counter is for. */
export interface CounterSubject {
  readonly caller: Caller;
  /** Route as Express matched it, `context.route`. */
  readonly route?: string | undefined;
  readonly model?: string | undefined;
  /** Needed by custom scopes only. */
  readonly req?: Request | undefined;
}

/** Counters without a part from the request are built once per caller and limit, and disappear with the caller. */
const known = new WeakMap<Caller, WeakMap<Limit, QuotaCounter>>();

/** Whether a limit's counter depends on the request, and not on its caller alone. */
export function isOfRequest({ scope }: Pick<Limit, 'scope'>): boolean {
  return scope.some((part) => part === 'route' || part === 'model' || typeof part === 'object');
}

const ofCallers = new Set<ScopePart>(['child', 'key', 'user', 'team', 'tenant']);

/** Whether a limit's counter is one of the caller's own: neither of the request, nor of all callers together. */
export function isOfCaller({ scope }: Pick<Limit, 'scope'>): boolean {
  return scope.every((part) => ofCallers.has(part));
}

/**
 * The counter that a limit means for a caller, e.g. `usd/day/tenant=acme/key=k1`. Everything narrower than a tenant is kept apart by tenant.
 * A caller without a user (team) counts by its own id (its tenant), one without a child credential by its key. Throws a `TypeError` (`route_scope_needs_route`) for a route
 * scope where no route is known, and for a model scope where no model is.
 */
export function counterOf(limit: Limit, subject: CounterSubject): QuotaCounter {
  const { caller } = subject;
  const before = known.get(caller)?.get(limit);
  if (before) return before;
  const counter = newCounter(limit, subject);
  if (isOfRequest(limit)) return counter;
  const ofCaller = known.get(caller) ?? new WeakMap<Limit, QuotaCounter>();
  known.set(caller, ofCaller);
  ofCaller.set(limit, counter);
  return counter;
}

/** The same without a cache: for reports over many callers, which need each counter once. */
export function newCounter(limit: Limit, subject: CounterSubject): QuotaCounter {
  const { scope, unit, window } = limit;
  const wide = !scope.some(isWithinTenant);
  let counter = `${unit}/${windowName(window)}`;
  if (!wide) counter += `/tenant=${escaped(subject.caller.tenant)}`;
  for (const part of scope) {
    if (part !== 'tenant') counter += `/${scopeName(part)}=${escaped(scopeValue(limit, part, subject))}`;
  }
  return { counter, unit, limit: limit.amount, window, wide, soft: limit.soft };
}

const definitions = new WeakMap<Limit, string>();

/** The definition that a limit's counters have in common: their key without the values of scopes, e.g. `usd/day/tenant/key`. */
export function definitionOf(limit: Limit): string {
  const before = definitions.get(limit);
  if (before !== undefined) return before;
  const { scope, unit, window } = limit;
  const within = scope.some(isWithinTenant) ? ['tenant'] : [];
  const parts = [...within, ...scope.filter((part) => part !== 'tenant').map(scopeName)];
  const definition = [unit, windowName(window), ...parts].join('/');
  definitions.set(limit, definition);
  return definition;
}

function isWithinTenant(part: ScopePart): boolean {
  return part === 'key' || part === 'user' || part === 'team' || part === 'tenant' || part === 'child';
}

function scopeName(part: ScopePart): string {
  return typeof part === 'string' ? part : part.name;
}

function scopeValue(limit: Limit, part: ScopePart, { caller, route, model, req }: CounterSubject): string {
  if (typeof part !== 'string') return (req && part.of(req, caller)) ?? '';
  switch (part) {
    case 'key':
      return caller.keyId ?? caller.id;
    case 'child':
      return caller.childId ?? caller.keyId ?? caller.id;
    case 'user':
      return caller.user ?? caller.id;
    case 'team':
      return caller.team ?? '';
    case 'route':
      if (route !== undefined) return route;
      throw new TypeError(
        `route_scope_needs_route: limit "${limit.name}" is by "route"; mount it on a route handler (app.post('/path', …)), where the route is known`,
      );
    case 'model':
      if (model !== undefined) return model;
      throw new TypeError(`limit "${limit.name}" is by "model", but no model is known here`);
    default:
      return '';
  }
}

const plain = /^[A-Za-z0-9._@:+-]{0,80}$/;

/** A value as a part of a key: short and without separators; long ones by their hash. */
function escaped(value: string): string {
  if (plain.test(value)) return value;
  // Halves of surrogate pairs have no UTF-8: in that, different values would be one.
  if (!isWellFormed(value)) return `sha256-${hashOf(Buffer.from(value, 'utf16le'))}`;
  if (value.length <= 80) return encodeURIComponent(value);
  return `sha256-${hashOf(value)}`;
}

const isWellFormed = (value: string): boolean => !/\p{Surrogate}/u.test(value);

const hashOf = (value: string | Buffer): string => createHash('sha256').update(value).digest('base64url');
