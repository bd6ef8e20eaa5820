import type { Plan, Plans } from '@tollgate/core';
import { sql } from 'kysely';
import type { Database } from '../connection/database.js';

/** Stores an app's plans, in place of those of the same names. Rejects where the database is away. */
export async function declarePlans(database: Database, plans: Plans): Promise<void> {
  await database.ready();
  const { query, schema } = database;
  await sql`
    insert into ${sql.id(schema, 'plans')} (name, plan, declared_at)
    select name, plan, now() from jsonb_each(${JSON.stringify(plans)}::jsonb) as declared (name, plan)
    on conflict (name) do update set plan = excluded.plan, declared_at = excluded.declared_at`.execute(query);
}

/** The plans that apps have declared; empty where none has. Custom scopes have a name and no function. */
export async function declaredPlans(database: Database): Promise<Plans> {
  await database.ready();
  const { query, schema } = database;
  const { rows } = await sql<{ name: string; plan: Plan }>`
    select name, plan from ${sql.id(schema, 'plans')} order by name`.execute(query);
  return Object.fromEntries(rows.map(({ name, plan }) => [name, Object.freeze(plan)]));
}
