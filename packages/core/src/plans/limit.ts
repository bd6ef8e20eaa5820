import type { Request } from 'express';
import type { Unit } from '../lib/unit.js';
import type { CallerIdentity } from './caller-identity.js';
import type { Window } from './window.js';

/** A scope of the app's own: its name (part of the counter's key) and how to read its value off a request. */
export interface CustomScope {
  readonly name: string;
  /** Must return a bounded set of values; each becomes a counter. `undefined` counts together under an empty value. */
  readonly of: (req: Request, caller: CallerIdentity) => string | undefined;
}

/** Whose counter a limit is. Several together (`['route', 'user']`) make one counter for each combination. */
export type ScopePart =
  | 'child'
  | 'key'
  | 'user'
  | 'team'
  | 'tenant'
  | 'global'
  | 'route'
  | 'model'
  | CustomScope;

/** Amount × unit × window × scope. Made by `definePlans`, `spend()`, `tokens()` and their like. */
export interface Limit {
  /** Shown in headers and refusals, e.g. `usd-day`; unique within a plan. */
  readonly name: string;
  readonly unit: Unit;
  /** The cap, an integer in the unit (nano-dollars for `usd`); the burst of a token bucket. */
  readonly amount: number;
  /** The part of the amount before its overage; absent: there is no overage. */
  readonly included?: number | undefined;
  readonly window: Window;
  readonly scope: readonly ScopePart[];
  /** A soft limit counts and warns but never refuses. */
  readonly soft: boolean;
  /** Its scope was not stated: the place where it is used decides. Made by `spend()` and the like without `by`. */
  readonly unscoped?: true | undefined;
}

/** Requests per window: counted by `rate-limit`, and by `budget({ requests: true })` as a bucket. */
export interface RequestRate {
  readonly name: string;
  readonly amount: number;
  readonly windowMs: number;
  /** The most within one second. Absent: no narrower bound. */
  readonly burst?: number | undefined;
  /** The window ends now instead of beginning with the first request. */
  readonly sliding: boolean;
  readonly scope: readonly ScopePart[];
}
