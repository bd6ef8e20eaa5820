import {
  type ChildRevocations,
  childClockToleranceMs,
  idTimeMs,
  maxChildLifetimeMs,
} from '@tollgate/core/internal';

/** Revocations in this process's memory, each kept until no child that it concerns can be alive. */
export function memoryRevocations({ now = Date.now }: { now?: () => number } = {}): ChildRevocations {
  /** Until when each is kept, ms since the epoch, by child id. */
  const children = new Map<string, number>();
  /** By parent id: credentials minted before this time are revoked, ms since the epoch. */
  const parents = new Map<string, number>();
  const listeners = new Set<(id: string) => void>();
  const changed = (id: string): void => {
    const nowMs = now();
    for (const [child, keptUntilMs] of children) if (keptUntilMs < nowMs) children.delete(child);
    for (const [parent, untilMs] of parents) {
      if (untilMs + maxChildLifetimeMs < nowMs) parents.delete(parent);
    }
    for (const listener of listeners) listener(id);
  };
  return {
    isRevoked: async ({ id, parentId }) =>
      children.has(id) || (idTimeMs(id) ?? Number.NEGATIVE_INFINITY) <= (parents.get(parentId) ?? -1),
    revoke: async (id) => {
      const mintedAtMs = idTimeMs(id);
      if (mintedAtMs === undefined) throw new TypeError('revoke: not the id of a child credential');
      children.set(id, mintedAtMs + maxChildLifetimeMs);
      changed(id);
    },
    revokeAllOf: async (parentId) => {
      parents.set(parentId, now() + childClockToleranceMs);
      changed(parentId);
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
