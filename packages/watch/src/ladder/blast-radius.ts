import type { Subject } from '../features/subject.js';

/** How many tenants may be hit without a person. */
export interface BlastRadius {
  /** Of the tenants that were active within a day, 0 < share ≤ 1; never less than one tenant. */
  readonly share: number;
  /** Period in milliseconds. */
  readonly withinMs: number;
}

/** Counts the tenants that were hit, so that a mistake of ours, or an attack by which we would cut off our own customers, stays small. */
export class BlastGuard {
  readonly #hitAtMs = new Map<string, number>();

  constructor(private readonly radius: BlastRadius) {}

  /** Whether a suspension may happen now; if so, it is counted. A subject without a tenant (a model, everything) affects all tenants. */
  admits({ tenant }: Subject, nowMs: number, activeTenants: number): boolean {
    const { share, withinMs } = this.radius;
    if (tenant === undefined) return share === 1;
    for (const [name, atMs] of this.#hitAtMs) if (nowMs - atMs >= withinMs) this.#hitAtMs.delete(name);
    if (this.#hitAtMs.has(tenant)) return true;
    if (this.#hitAtMs.size >= Math.max(1, Math.floor(share * activeTenants))) return false;
    this.#hitAtMs.set(tenant, nowMs);
    return true;
  }
}
