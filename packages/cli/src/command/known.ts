import { suggestion } from '@tollgate/core/internal';
import type { Registry } from '@tollgate/postgres';

/** Rejects a tenant that is not in the database: a typing error would otherwise look like success. */
export async function checkTenant(
  registry: Registry,
  tenant: string,
  force: boolean | undefined,
): Promise<void> {
  if (force) return;
  const known = (await registry.tenants.list()).map((one) => one.tenant);
  if (known.includes(tenant)) return;
  throw new Error(
    `there is no tenant ${JSON.stringify(tenant)} here${suggestion(tenant, known)}; create it by "tollgate tenants create", or give --force`,
  );
}

/** Rejects a plan that no key is on, where other keys are on other plans. The first key of a new plan needs `--force`, since plans are in the app. */
export async function checkPlan(registry: Registry, plan: string, force: boolean | undefined): Promise<void> {
  if (force) return;
  const known = [...new Set((await registry.keys.list({ limit: 100_000 })).map((one) => one.plan))];
  if (known.length === 0 || known.includes(plan)) return;
  throw new Error(
    `no key is on a plan ${JSON.stringify(plan)} yet${suggestion(plan, known)}; keys are on ${known.join(', ')}. If the app defines it, give --force`,
  );
}

/** The certain part of a change's effect: where it was written, and which processes follow it. */
export const writtenTo = (place: string): string =>
  `written to ${place}; processes whose keys and limits come from this database follow within 5 s`;
