import { accepts, checkOptions, describeValue } from '../lib/options.js';
import type { Unit } from '../lib/unit.js';
import type { Caller } from './caller.js';
import { declareLimit, declareRequests } from './declare-limit.js';
import type { Limit, RequestRate, ScopePart } from './limit.js';
import { kindOf, placed } from './limits-for.js';
import type { OwnLimits } from './own-limits.js';
import type { LimitText } from './plan.js';

/** The kind of limit that an override replaces, named as in a plan. */
export type OverrideKind = 'spend' | 'tokens' | 'inputTokens' | 'outputTokens' | 'requests' | 'concurrent';

/** Every {@link OverrideKind}. */
export const overrideKinds: readonly OverrideKind[] = Object.freeze([
  ...(['spend', 'tokens', 'inputTokens', 'outputTokens', 'requests', 'concurrent'] as const),
]);

/** Whose counter an override can be. */
export type OverrideScope = 'tenant' | 'team' | 'user' | 'key';

/** The subject of an override: a whole tenant, or one of its teams, users or keys. At most one of the three. */
export interface OverrideSubject {
  readonly tenant: string;
  readonly team?: string | undefined;
  readonly user?: string | undefined;
  readonly keyId?: string | undefined;
}

/** A limit that can be set while the app runs: in place of the plan's limit of the same unit, period and scope, otherwise beside it. */
export interface LimitOverride extends OverrideSubject {
  readonly kind: OverrideKind;
  /** `'$500/month'`, `'20M/month'`, `'100/min'`; for `concurrent` the number: `'5'`. */
  readonly limit: LimitText;
  /** Whose counter: `'key'` on a tenant's override is one for each of its keys. @defaultValue the subject's own, all of it together */
  readonly by?: OverrideScope | undefined;
}

/** Where limits that change while the app runs are looked up. Rejects when the store fails. */
export interface LimitOverrides {
  /** All overrides of a tenant, its teams, users and keys. */
  find(tenant: string): Promise<readonly LimitOverride[]>;
  /** Calls the listener with every tenant whose overrides change, as soon as it is known; returns how to stop. */
  onChange?(listener: (tenant: string) => void): () => void;
}

const scopes: readonly OverrideScope[] = ['tenant', 'team', 'user', 'key'];

const unitOf: Readonly<Record<Exclude<OverrideKind, 'concurrent'>, Unit>> = {
  spend: 'usd',
  tokens: 'tokens',
  inputTokens: 'inputTokens',
  outputTokens: 'outputTokens',
  requests: 'requests',
};

/**
 * Identifies the overrides that replace each other for one subject: unit, period and scope, e.g. `usd month tenant`. Throws a `TypeError`
 * that starts with `where` for a wrong override.
 */
export function overrideSlot(where: string, override: LimitOverride): string {
  checkOptions<LimitOverride>(
    where,
    override,
    {
      tenant: accepts.string,
      team: accepts.string,
      user: accepts.string,
      keyId: accepts.string,
      kind: accepts.oneOf(...overrideKinds),
      limit: accepts.string,
      by: accepts.oneOf(...scopes),
    },
    ['tenant', 'kind', 'limit'],
  );
  return kindOf(ownLimitOf(where, override));
}

/**
 * The limits that a tenant's overrides give one of its callers, the narrower subject winning; `undefined`: none. Throws a `TypeError` for a
 * wrong override.
 */
export function ownLimitsOf(overrides: readonly LimitOverride[], caller: Caller): OwnLimits | undefined {
  const mine = overrides.filter((override) => concerns(override, caller));
  if (mine.length === 0) return undefined;
  mine.sort((one, other) => narrowness(one) - narrowness(other));
  const all = mine.map((override) => ownLimitOf('overrides', override));
  return Object.freeze({
    limits: placed(
      [],
      all.filter((one): one is Limit => 'window' in one),
    ),
    requests: placed(
      [],
      all.filter((one): one is RequestRate => !('window' in one)),
    ),
  });
}

function concerns({ tenant, team, user, keyId }: LimitOverride, caller: Caller): boolean {
  return (
    tenant === caller.tenant &&
    (team === undefined || team === caller.team) &&
    (user === undefined || user === caller.user) &&
    (keyId === undefined || keyId === caller.keyId)
  );
}

function scopeOf({ team, user, keyId }: OverrideSubject): OverrideScope {
  if (keyId !== undefined) return 'key';
  if (user !== undefined) return 'user';
  return team === undefined ? 'tenant' : 'team';
}

function narrowness(override: LimitOverride): number {
  return scopes.indexOf(scopeOf(override));
}

function ownLimitOf(where: string, override: LimitOverride): Limit | RequestRate {
  const { kind, limit, team, user, keyId } = override;
  if ([team, user, keyId].filter((one) => one !== undefined).length > 1) {
    throw new TypeError(`${where}: at most one of "team", "user" and "keyId" says whom it is for`);
  }
  const subject = scopeOf(override);
  const scope = override.by ?? subject;
  if (scopes.indexOf(scope) < scopes.indexOf(subject)) {
    throw new TypeError(
      `${where}: "by" must be as narrow as whom it is for (${subject}), received "${scope}"`,
    );
  }
  const by: ScopePart = scope;
  if (kind === 'concurrent') return concurrent(where, limit, by);
  if (!Object.hasOwn(unitOf, kind)) {
    throw new TypeError(
      `${where}: "kind" must be one of ${overrideKinds.join(', ')}, received ${describeValue(kind)}`,
    );
  }
  if (kind === 'requests' && !/\/\s*month\s*$/.test(limit)) {
    const rate = declareRequests(`${where}: requests`, { rate: limit, by });
    return Object.freeze({ ...rate, name: `${rate.name}-${by}` });
  }
  const declared = declareLimit(`${where}: ${kind}`, unitOf[kind], { limit, by });
  return Object.freeze({ ...declared, name: `${declared.name}-${by}` });
}

function concurrent(where: string, limit: LimitText, by: ScopePart): Limit {
  const amount = /^[1-9]\d{0,8}$/.test(limit) ? Number(limit) : undefined;
  if (amount === undefined) {
    throw new TypeError(
      `${where}: concurrent must be a number such as "5", received ${describeValue(limit)}`,
    );
  }
  const window = Object.freeze({ kind: 'live' as const });
  return Object.freeze({
    name: `concurrent-${by}`,
    unit: 'concurrent',
    amount,
    window,
    scope: [by],
    soft: false,
  });
}
