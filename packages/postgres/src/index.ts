export type { DatabaseOptions } from './connection/connection-options.js';
export { type Database, database } from './connection/database.js';
export { checkDailyUsage, type WrongDay } from './doctor/check-daily-usage.js';
export { type VerifyLedgerOptions, verifyLedger, type WrongSum } from './doctor/verify-ledger.js';
export { type ExportQuery, exportEvents } from './export/export-events.js';
export { warehouseLayout } from './export/warehouse-layout.js';
export type { AuditEntry } from './keys/audit.js';
export { type Registry, type RegistryOptions, registry } from './keys/registry.js';
export type { ListedKey } from './keys/sql-keys.js';
export type { ListedTenant } from './keys/sql-tenants.js';
export { type Acceptance, acceptUnresolved } from './ledger/accept-unresolved.js';
export { type Ledger, ledger } from './ledger/ledger.js';
export type { LedgerOptions } from './ledger/ledger-options.js';
export { type Resolution, type Resolved, type ResolvedUsage, resolve } from './ledger/resolve.js';
export { type UnresolvedAttempt, type UnresolvedQuery, unresolvedAttempts } from './ledger/unresolved.js';
export { type PagesQuery, providerPages } from './reconcile/provider-pages.js';
export { type Compared, type ReconcileLine, reconcile } from './reconcile/reconcile.js';
export { type SettledDay, type Settlement, settleUnresolved } from './reconcile/settle-unresolved.js';
export {
  type Advice,
  type AdviceQuery,
  advice,
  type CachedInput,
  type CheaperModel,
  type RepeatedPrompt,
} from './reports/advice.js';
export type { BillLine, PlanPrice } from './reports/bill.js';
export { type CapQuery, type CapUsage, capUsage } from './reports/cap-usage.js';
export type { Dimension, Facet, Period } from './reports/dimensions.js';
export type { Mover } from './reports/movers.js';
export type { OutcomeCost } from './reports/outcomes.js';
export { type Reports, type ReportsOptions, reports } from './reports/reports.js';
export type { UsageQuery } from './reports/usage-query.js';
export type { UsageSum } from './reports/usage-report.js';
export type { SpoolOptions } from './spool/spool-options.js';
export type { Pricing } from './what-if/pricing.js';
export type { RecordedUsage } from './what-if/recorded-usage.js';
export { type RepricedModel, type RepriceQuery, reprice } from './what-if/reprice.js';
export {
  type RefusalReason,
  type SimulatedFacet,
  type SimulatedSum,
  type Simulation,
  type SimulationQuery,
  simulate,
} from './what-if/simulate.js';
