import { keyFactsChecks } from '../keys/key-facts.js';
import { accepts, checkOptions, type OptionChecks } from '../lib/options.js';
import type { Caller } from './caller.js';

/** A caller that an app identifies itself: who it is and on which plan, and what it may have beside that. */
export interface GivenCaller extends Pick<Caller, 'tenant' | 'plan' | 'team' | 'user' | 'models' | 'limits'> {
  /** Stable id of the principal. @defaultValue its `user`, else its `tenant` */
  readonly id?: string;
  /** @defaultValue none */
  readonly scopes?: readonly string[];
  /** @defaultValue none */
  readonly labels?: Readonly<Record<string, string>>;
}

const { expiresAtMs: _, ...facts } = keyFactsChecks;
const checks: OptionChecks<Caller> = {
  ...facts,
  id: accepts.string,
  keyId: accepts.string,
  childId: accepts.string,
  limits: accepts.object,
  // A request's caller may be passed on, also while `watch` has reduced its limits.
  tightened: accepts.object,
};

/** Such a caller, checked and complete. Throws a `TypeError` that begins with `where` and names the field. */
export function checkedCaller(where: string, given: GivenCaller | Caller): Caller {
  checkOptions<Caller>(where, given as Caller, checks, ['tenant', 'plan']);
  const { id = given.user ?? given.tenant, scopes = [], labels = {} } = given;
  return { ...given, id, scopes, labels };
}
