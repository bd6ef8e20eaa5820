import type {
  ApiKeysTable,
  AuditTable,
  ChildRevocationsTable,
  LimitOverridesTable,
  TeamsTable,
  TenantsTable,
} from './keys-tables.js';
import type {
  CallersTable,
  DailyUsageTable,
  OutcomesTable,
  UsageEventsTable,
  WindowSpendTable,
} from './ledger-tables.js';

/** The tables by name, as queries see them. */
export interface Tables {
  usage_events: UsageEventsTable;
  window_spend: WindowSpendTable;
  daily_usage: DailyUsageTable;
  callers: CallersTable;
  outcomes: OutcomesTable;
  tenants: TenantsTable;
  teams: TeamsTable;
  api_keys: ApiKeysTable;
  limit_overrides: LimitOverridesTable;
  child_revocations: ChildRevocationsTable;
  audit: AuditTable;
}
