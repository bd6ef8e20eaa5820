import type { BillingDatabase } from './billing-database.js';

/** Any number that no other lock uses: processes create the tables one after another. */
const lock = 7_401_195_118;

/** Makes billing's tables where they are missing. `schema` is a checked name. */
export async function makeTables({ schema, execute }: BillingDatabase): Promise<void> {
  await execute(
    `do $$ begin
      perform pg_advisory_xact_lock(${lock});
      create table if not exists "${schema}".billing_books (
        one boolean primary key default true check (one),
        id uuid not null default gen_random_uuid()
      );
      insert into "${schema}".billing_books default values on conflict do nothing;
      create table if not exists "${schema}".billing_events (
        identifier text primary key,
        provider text not null,
        meter text not null,
        tenant text not null,
        slice timestamptz not null,
        number integer not null,
        quantity numeric not null,
        stamp timestamptz not null,
        customer text,
        state text not null default 'waiting' check (state in ('waiting', 'taken', 'set_aside')),
        reason text,
        attempts integer not null default 0,
        first_sent_at timestamptz,
        due_at timestamptz not null,
        taken_at timestamptz,
        unique (provider, meter, tenant, slice, number)
      );
      create index if not exists billing_events_waiting on "${schema}".billing_events (due_at) where state = 'waiting';
    end $$`,
    [],
  );
}
