import type { Caller, LimitOverride } from '@tollgate/core';
import {
  asPromise,
  type LimitOverrides,
  type OwnLimits,
  ownLimitsOf,
  publish,
  type StoreClient,
} from '@tollgate/core/internal';
import { credentialStore } from './credential-store.js';
import { limitsAwayError } from './errors.js';

/** A change reaches every process within this time. */
const maxAgeMs = 5_000;

/** Dependencies of an {@link OverrideCache}. */
export interface OverrideCacheSettings {
  readonly overrides: LimitOverrides;
  /** Deadline of one look-up, in milliseconds. */
  readonly deadlineMs: number;
  /** Tenants remembered at once; those looked up longest ago go first. */
  readonly maxTenants: number;
  readonly now: () => number;
}

interface Entry {
  readonly overrides: readonly LimitOverride[];
  /** When the look-up began, ms since the epoch. */
  checkedAtMs: number;
  /** Callers with their own limits: the same object until something changes, so that caches by object stay valid. */
  readonly callers: WeakMap<Caller, Caller>;
}

/**
 * The overrides of each tenant, cached for at most 5 s and revalidated in the background after half of that. While the store is away, the
 * last known overrides apply; tenants never looked up are refused.
 */
export class OverrideCache {
  readonly #settings: OverrideCacheSettings;
  readonly #store: StoreClient<LimitOverrides>;
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Map<string, Promise<Entry>>();

  constructor(settings: OverrideCacheSettings) {
    const { overrides, deadlineMs, now } = settings;
    this.#settings = settings;
    this.#store = credentialStore('overrides', overrides, { deadlineMs, now });
    overrides.onChange?.((tenant) => {
      this.#asking.delete(tenant);
      const entry = this.#entries.get(tenant);
      if (entry) entry.checkedAtMs = Number.NEGATIVE_INFINITY;
    });
  }

  /** The caller with its own limits. Throws, or rejects with, 503 where they cannot be read. */
  apply(caller: Caller): Caller | Promise<Caller> {
    const entry = this.#entries.get(caller.tenant);
    const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : this.#settings.now() - entry.checkedAtMs;
    if (!entry || ageMs >= maxAgeMs || ageMs < 0) {
      return this.#ask(caller.tenant).then(
        (found) => withOwn(caller, found),
        (cause: unknown) => {
          const known = this.#entries.get(caller.tenant);
          if (known) return withOwn(caller, known);
          throw limitsAwayError(cause);
        },
      );
    }
    // Its failure is published where the look-up runs, and the cached entry stays.
    if (ageMs * 2 >= maxAgeMs) this.#ask(caller.tenant).catch(() => undefined);
    return withOwn(caller, entry);
  }

  /** Concurrent look-ups of one tenant share one store call. */
  #ask(tenant: string): Promise<Entry> {
    const asking = this.#asking.get(tenant);
    if (asking) return asking;
    const checkedAtMs = this.#settings.now();
    const asked = asPromise(this.#store.run('find', (overrides) => overrides.find(tenant)))
      .then((overrides) => {
        const entry = entryOf(overrides, checkedAtMs, this.#entries.get(tenant));
        if (this.#asking.get(tenant) === asked) this.#keep(tenant, entry);
        return entry;
      })
      .finally(() => {
        if (this.#asking.get(tenant) === asked) this.#asking.delete(tenant);
      });
    this.#asking.set(tenant, asked);
    return asked;
  }

  #keep(tenant: string, entry: Entry): void {
    this.#entries.delete(tenant);
    this.#entries.set(tenant, entry);
    if (this.#entries.size <= this.#settings.maxTenants) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}

function entryOf(overrides: readonly LimitOverride[], checkedAtMs: number, before: Entry | undefined): Entry {
  const same = before && JSON.stringify(before.overrides) === JSON.stringify(overrides);
  return { overrides, checkedAtMs, callers: same ? before.callers : new WeakMap() };
}

function withOwn(caller: Caller, { overrides, callers }: Entry): Caller {
  const known = callers.get(caller);
  if (known) return known;
  const own = readOwn(overrides, caller);
  const complete = own ? Object.freeze({ ...caller, limits: together(own, caller.limits) }) : caller;
  callers.set(caller, complete);
  return complete;
}

/** An invalid override must neither lift its tenant's limits nor affect another tenant. */
function readOwn(overrides: readonly LimitOverride[], caller: Caller): OwnLimits | undefined {
  try {
    return ownLimitsOf(overrides, caller);
  } catch (cause) {
    const { tenant } = caller;
    publish('tollgate:fault', () => ({ where: 'overrides', tenant, error: String(cause) }));
    throw limitsAwayError(cause);
  }
}

function together(own: OwnLimits, before: OwnLimits | undefined): OwnLimits {
  return before
    ? Object.freeze({
        limits: [...own.limits, ...before.limits],
        requests: [...own.requests, ...before.requests],
      })
    : own;
}
