import { type Kysely, type Migration, sql } from 'kysely';

/** Tenants, teams, keys, overrides, revoked child credentials, and the audit trail. `schema` is a checked name. */
export function keys(schema: string): Migration {
  const table = (name: string) => sql.id(schema, name);
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await sql`
        create table ${table('tenants')} (
          tenant text primary key,
          name text,
          created_at timestamptz not null,
          disabled_at timestamptz
        )`.execute(db);
      await sql`
        create table ${table('teams')} (
          tenant text not null references ${table('tenants')},
          team text not null,
          name text,
          created_at timestamptz not null,
          primary key (tenant, team)
        )`.execute(db);
      await sql`
        create table ${table('api_keys')} (
          key_id text primary key,
          name text,
          tenant text not null references ${table('tenants')},
          team text,
          user_id text,
          plan text not null,
          scopes jsonb not null,
          models jsonb,
          labels jsonb not null,
          secrets jsonb not null,
          created_at timestamptz not null,
          expires_at timestamptz,
          disabled_at timestamptz,
          revoked_at timestamptz,
          foreign key (tenant, team) references ${table('teams')}
        )`.execute(db);
      await sql`create index api_keys_tenant on ${table('api_keys')} (tenant, key_id)`.execute(db);
      await sql`
        create table ${table('limit_overrides')} (
          tenant text not null references ${table('tenants')},
          team text not null,
          user_id text not null,
          key_id text not null,
          slot text not null,
          kind text not null,
          limit_text text not null,
          counted_by text,
          changed_at timestamptz not null,
          primary key (tenant, team, user_id, key_id, slot)
        )`.execute(db);
      await sql`
        create table ${table('child_revocations')} (
          id text primary key,
          minted_until timestamptz not null,
          kept_until timestamptz not null
        )`.execute(db);
      await sql`
        create table ${table('audit')} (
          id uuid primary key,
          at timestamptz not null,
          actor text not null,
          action text not null,
          tenant text,
          subject text not null,
          facts jsonb not null
        )`.execute(db);
      await sql`create index audit_tenant on ${table('audit')} (tenant, id)`.execute(db);
    },
  };
}
