import type { LimitOverride } from '@tollgate/core';
import {
  type LimitOverrides,
  type OverrideKind,
  type OverrideScope,
  type OverrideSubject,
  overrideSlot,
} from '@tollgate/core/internal';

/** Overrides in this process's memory. */
export interface MemoryOverrides extends LimitOverrides {
  onChange(listener: (tenant: string) => void): () => void;
  /** Sets an override, in place of the one of the same subject, kind, period and scope. Throws a `TypeError` for a wrong one. */
  set(override: LimitOverride): void;
  /** Removes a subject's overrides: of one kind, or all. */
  clear(subject: OverrideSubject & { kind?: OverrideKind; by?: OverrideScope }): void;
}

/** Limits that differ from the plans', kept in memory: for tests, and for apps that set them at start or from their own admin page. */
export function memoryOverrides(overrides: readonly LimitOverride[] = []): MemoryOverrides {
  const byTenant = new Map<string, readonly LimitOverride[]>();
  const listeners = new Set<(tenant: string) => void>();
  const keep = (tenant: string, kept: readonly LimitOverride[]): void => {
    byTenant.set(tenant, kept);
    for (const listener of listeners) listener(tenant);
  };
  const of = (tenant: string): readonly LimitOverride[] => byTenant.get(tenant) ?? [];
  const set = (override: LimitOverride): void => {
    const slot = slotOf(override);
    const { tenant } = override;
    const others = of(tenant).filter((one) => slotOf(one) !== slot);
    keep(tenant, [...others, Object.freeze({ ...override })]);
  };
  for (const override of overrides) set(override);
  return {
    find: async (tenant) => of(tenant),
    onChange(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    set,
    clear({ kind, by, ...subject }) {
      const stays = (one: LimitOverride): boolean =>
        subjectOf(one) !== subjectOf(subject) ||
        (kind !== undefined && one.kind !== kind) ||
        (by !== undefined && one.by !== by);
      keep(subject.tenant, of(subject.tenant).filter(stays));
    },
  };
}

function subjectOf({ tenant, team, user, keyId }: OverrideSubject): string {
  return JSON.stringify([tenant, team, user, keyId]);
}

function slotOf(override: LimitOverride): string {
  return `${subjectOf(override)} ${overrideSlot('memoryOverrides', override)}`;
}
