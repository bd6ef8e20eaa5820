import { describeValue, type OptionCheck } from '../lib/options.js';

/** How many attempts may continue at once without their client. */
export interface DrainBounds {
  /** Of all tenants. Positive integer. */
  readonly total: number;
  /** Of one tenant. Positive integer, at most `total`. */
  readonly perTenant: number;
}

/** Counts the attempts that continue upstream after their client has left, per process and per tenant. */
export class Drains {
  #open = 0;
  readonly #byTenant = new Map<string, number>();

  constructor(private readonly bounds: DrainBounds) {}

  /** How many continue now. */
  get open(): number {
    return this.#open;
  }

  /** Counts one more; `false` where a bound is reached. */
  enter(tenant: string): boolean {
    const ofTenant = this.#byTenant.get(tenant) ?? 0;
    if (this.#open >= this.bounds.total || ofTenant >= this.bounds.perTenant) return false;
    this.#open += 1;
    this.#byTenant.set(tenant, ofTenant + 1);
    return true;
  }

  /** One that entered has ended. */
  leave(tenant: string): void {
    const ofTenant = this.#byTenant.get(tenant) ?? 0;
    if (ofTenant === 0) return;
    this.#open -= 1;
    if (ofTenant === 1) this.#byTenant.delete(tenant);
    else this.#byTenant.set(tenant, ofTenant - 1);
  }
}

/** The bounds of a process unless an app sets its own: decision 0023 has the measurements. */
const defaultDrainBounds: DrainBounds = Object.freeze({ total: 256, perTenant: 32 });

/** How long an attempt continues without its client, in milliseconds, unless an app sets it. */
export const defaultDrainMs = 60_000;

/** Shared by all transports of the process that set no bounds. */
export const processDrains = new Drains(defaultDrainBounds);

/** The check of an option that sets {@link DrainBounds}. */
export const drainsCheck: OptionCheck = (value) => {
  const expected = '{ total, perTenant }, two positive integers of which the second is not the larger';
  if (typeof value !== 'object' || value === null) return expected;
  const { total, perTenant, ...others } = value as Readonly<Record<string, unknown>>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `${expected} (unknown field ${describeValue(unknown)})`;
  const isCount = (count: unknown): count is number => Number.isSafeInteger(count) && Number(count) > 0;
  return (isCount(total) && isCount(perTenant) && perTenant <= total) || expected;
};

/** Separate bounds for a transport that sets them. */
export function drainsOf(bounds: DrainBounds | undefined): Drains | undefined {
  return bounds && new Drains(bounds);
}
