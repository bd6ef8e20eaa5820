import type { Caller } from '@tollgate/core';
import {
  accepts,
  acceptsScope,
  type ChildRevocations,
  checkOptions,
  maxChildLifetimeMs,
  newId,
} from '@tollgate/core/internal';
import { type ChildLimits, ownLimitsOfChild } from './child-limits.js';
import { childKeyOf, signChild } from './child-token.js';
import { memoryRevocations } from './memory-revocations.js';
import { isModelWithin, widerThan } from './narrowing.js';
import { parentIdOf } from './parent-id.js';

/** Options of {@link childCredentials}. */
export interface ChildCredentialsOptions {
  /**
   * Secret of the signature, at least 32 bytes, the same in every process. With several, the first signs and all verify, so that the secret
   * can be rotated.
   */
  secret: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Store of revocations. Processes that share none do not learn of each other's revocations. @defaultValue memory of this process */
  revocations?: ChildRevocations;
  /** The longest life that may be asked for, in milliseconds, 1 000 to 27 days. @defaultValue 86_400_000 (24 hours) */
  maxLifetimeMs?: number;
  /** The clock, ms since the epoch. @defaultValue Date.now */
  now?: () => number;
}

/** Restrictions of a child credential. Fields that are absent are inherited from its parent. */
export interface Narrowing {
  /** How long it lives, in milliseconds, 1 000 to `maxLifetimeMs`. @defaultValue 600_000 (10 minutes) */
  expiresInMs?: number;
  /** Of the parent's scopes. */
  scopes?: readonly string[];
  /** Of the parent's models. */
  models?: readonly string[];
  /** Total amounts that it may use. Its usage also counts against its parent's limits. */
  limits?: ChildLimits;
  /** Further labels; those of the parent win. */
  labels?: Readonly<Record<string, string>>;
}

/** A child credential that was just minted. */
export interface MintedChild {
  /** `tg_child_…`: sent like a key. */
  readonly token: string;
  /** With which it can be revoked. */
  readonly id: string;
  /** Ms since the epoch. */
  readonly expiresAtMs: number;
}

/** Mints and revokes child credentials; given to `authenticate({ children })`, which verifies them. */
export interface ChildCredentials {
  /**
   * Mints a short-lived credential of a caller, e.g. of `req.tollgate.caller`, for a browser or a job. Rejects with a `TypeError` for a
   * credential that is wider than its parent, and for a parent that is a child itself.
   */
  mint(parent: Caller, narrowing?: Narrowing): Promise<MintedChild>;
  /** Refuses one from now on: at once in this process, within 5 s in others. */
  revoke(id: string): Promise<void>;
  /** Refuses all that were minted so far from a key (by its id), or on behalf of a caller. */
  revokeAllOf(parent: string | Caller): Promise<void>;
  /** For `authenticate()`. */
  readonly keys: readonly Uint8Array[];
  readonly revocations: ChildRevocations;
}

/** Child credentials: signed (HMAC-SHA256), narrower than their parent, and refused with it. */
export function childCredentials(options: ChildCredentialsOptions): ChildCredentials {
  checkOptions<ChildCredentialsOptions>(
    'childCredentials',
    options,
    {
      secret: (value) => secretsOf(value) !== undefined || 'a secret of at least 32 bytes, or a list of them',
      revocations: accepts.methods('isRevoked', 'revoke', 'revokeAllOf'),
      maxLifetimeMs: accepts.integerBetween(1_000, maxChildLifetimeMs),
      now: accepts.function,
    },
    ['secret'],
  );
  const keys = (secretsOf(options.secret) ?? []).map(childKeyOf);
  const { now = Date.now, maxLifetimeMs = 86_400_000 } = options;
  const revocations = options.revocations ?? memoryRevocations({ now });
  const [signer = new Uint8Array()] = keys;
  return {
    keys,
    revocations,
    revoke: (id) => revocations.revoke(id),
    revokeAllOf: (parent) =>
      revocations.revokeAllOf(typeof parent === 'string' ? parent : parentIdOf(parent)),
    mint: async (parent, narrowing = {}) => {
      checkNarrowing(parent, narrowing, maxLifetimeMs);
      const mintedAtMs = now();
      const { expiresInMs = Math.min(600_000, maxLifetimeMs), limits = {}, labels = {} } = narrowing;
      const id = newId(mintedAtMs);
      const expiresAtMs = Math.ceil((mintedAtMs + expiresInMs) / 1_000) * 1_000;
      ownLimitsOfChild('mint: limits', limits, { mintedAtMs, expiresAtMs });
      const claims = {
        id,
        mintedAtMs,
        expiresAtMs,
        ...subjectOf(parent),
        scopes: narrowing.scopes ?? parent.scopes,
        models: narrowing.models ?? parent.models,
        labels: { ...labels, ...(parent.keyId === undefined && parent.labels) },
        limits,
      };
      return { token: await signChild(claims, signer), id, expiresAtMs };
    },
  };
}

function subjectOf({ keyId, id, tenant, team, user, plan }: Caller) {
  if (keyId !== undefined) return { keyId };
  return {
    caller: { id, tenant, ...(team !== undefined && { team }), ...(user !== undefined && { user }), plan },
  };
}

function checkNarrowing(parent: Caller, narrowing: Narrowing, maxLifetimeMs: number): void {
  if (
    typeof parent?.tenant !== 'string' ||
    typeof parent.id !== 'string' ||
    typeof parent.plan !== 'string'
  ) {
    throw new TypeError('mint: the parent must be a caller, such as req.tollgate.caller');
  }
  if (parent.childId !== undefined) {
    throw new TypeError('mint: a child credential cannot have children');
  }
  checkOptions<Narrowing>('mint', narrowing, {
    expiresInMs: accepts.integerBetween(1_000, maxLifetimeMs),
    scopes: accepts.arrayOf(acceptsScope),
    models: accepts.arrayOf(accepts.string),
    limits: accepts.object,
    labels: (value) =>
      (accepts.object(value) === true &&
        Object.values(value as object).every((text) => typeof text === 'string')) ||
      'an object of strings',
  });
  const { limits } = narrowing;
  if (limits) {
    const check = accepts.string;
    const checks = { spend: check, tokens: check, inputTokens: check, outputTokens: check, requests: check };
    checkOptions<ChildLimits>('mint: limits', limits, checks);
  }
  const scope = widerThan(parent.scopes, narrowing.scopes ?? [], (one, other) => one === other);
  if (scope !== undefined) throw new TypeError(`mint: the parent does not have the scope "${scope}"`);
  const model = widerThan(parent.models, narrowing.models ?? [], isModelWithin);
  if (model !== undefined) throw new TypeError(`mint: the parent may not use all models of "${model}"`);
}

function secretsOf(secret: unknown): (string | Uint8Array)[] | undefined {
  const all: unknown[] = Array.isArray(secret) ? secret : [secret];
  const isLong = (one: unknown): one is string | Uint8Array =>
    (typeof one === 'string' || one instanceof Uint8Array) && Buffer.from(one).length >= 32;
  return all.length > 0 && all.every(isLong) ? all : undefined;
}
