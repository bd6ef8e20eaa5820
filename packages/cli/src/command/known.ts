import { suggestion } from '@tollgate/core/internal';
import type { Books } from './books.js';
import type { People } from './people.js';

/** Rejects a tenant that is not in the database: a typing error would otherwise look like success. */
export async function checkTenant(
  registry: People,
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

/**
 * Rejects a plan that no app on this database has declared; where none has declared any, one that no key is on while keys are on others.
 */
export async function checkPlan(
  { registry, books }: { readonly registry: People; readonly books: Books },
  plan: string,
  force: boolean | undefined,
): Promise<void> {
  if (force) return;
  const declared = await books.planNames();
  if (declared.includes(plan)) return;
  if (declared.length > 0) {
    throw new Error(
      `no app on this database has a plan ${JSON.stringify(plan)}${suggestion(plan, declared)}; there are ${declared.join(', ')}. With --force the key is made all the same`,
    );
  }
  const known = [...new Set((await registry.keys.list({ limit: 100_000 })).map((one) => one.plan))];
  if (known.length === 0 || known.includes(plan)) return;
  throw new Error(
    `no key is on a plan ${JSON.stringify(plan)} yet${suggestion(plan, known)}; keys are on ${known.join(', ')}. If the app defines it, give --force`,
  );
}
