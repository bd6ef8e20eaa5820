import type { KeySecret, OverrideKind, OverrideScope } from '@tollgate/core/internal';
import type { JSONColumnType } from 'kysely';

/** Customers. The keys of a disabled one are refused. */
export interface TenantsTable {
  tenant: string;
  /** For people to read. */
  name: string | null;
  created_at: Date;
  disabled_at: Date | null;
}

/** A part of a tenant. */
export interface TeamsTable {
  tenant: string;
  team: string;
  name: string | null;
  created_at: Date;
}

/** An API key: of its secrets only SHA-256. */
export interface ApiKeysTable {
  key_id: string;
  name: string | null;
  tenant: string;
  team: string | null;
  user_id: string | null;
  plan: string;
  scopes: JSONColumnType<string[]>;
  models: JSONColumnType<string[]> | null;
  labels: JSONColumnType<Record<string, string>>;
  secrets: JSONColumnType<KeySecret[]>;
  created_at: Date;
  expires_at: Date | null;
  /** Can be taken back. */
  disabled_at: Date | null;
  /** For good. */
  revoked_at: Date | null;
}

/** A limit that differs from the plan's. An empty team, user or key: not part of whom it is for. */
export interface LimitOverridesTable {
  tenant: string;
  team: string;
  user_id: string;
  key_id: string;
  /** Unit, period and scope: one of each for a subject. */
  slot: string;
  kind: OverrideKind;
  limit_text: string;
  counted_by: OverrideScope | null;
  changed_at: Date;
}

/** A child credential, or a parent of such, that is revoked. */
export interface ChildRevocationsTable {
  id: string;
  /** Credentials minted before this time are revoked. */
  minted_until: Date;
  /** From then on nothing that it concerns can be alive. */
  kept_until: Date;
}

/** The audit trail. Rows are added, never changed. */
export interface AuditTable {
  /** UUIDv7. */
  id: string;
  at: Date;
  actor: string;
  /** E.g. `key.revoke`. */
  action: string;
  tenant: string | null;
  /** The changed record: the id of a key or child credential, the name of a tenant or team. */
  subject: string;
  facts: JSONColumnType<Record<string, unknown>>;
}
