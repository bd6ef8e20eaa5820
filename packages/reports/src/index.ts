export { type ExportQuery, exportEvents } from './export/export-events.js';
export { warehouseLayout } from './export/warehouse-layout.js';
export {
  type KeptReconciliation,
  keepReconciliation,
  keptReconciliations,
} from './reconcile/kept-reconciliations.js';
export { type PagesQuery, providerPages } from './reconcile/provider-pages.js';
export { type Compared, type ReconcileLine, reconcile } from './reconcile/reconcile.js';
export { type SettledDay, type Settlement, settleUnresolved } from './reconcile/settle-unresolved.js';
export { type Attempt, type AttemptsQuery, listAttempts } from './reports/attempts.js';
export type { BillLine, PlanPrice } from './reports/bill.js';
export { type CapCurve, type CurveUnit, capCurve, curveUnits } from './reports/cap-curve.js';
export { type CapQuery, type CapUsage, capUsage } from './reports/cap-usage.js';
export type { Dimension, Facet, Period } from './reports/dimensions.js';
export { type HourlySpend, hourlySpend, type SpendSubject } from './reports/hourly-spend.js';
export type { Mover } from './reports/movers.js';
export type { OutcomeCost } from './reports/outcomes.js';
export { type Reports, type ReportsOptions, reports } from './reports/reports.js';
export type { UsageQuery } from './reports/usage-query.js';
export type { UsageSum } from './reports/usage-report.js';
export {
  type Advice,
  type AdviceQuery,
  advice,
  type CachedInput,
  type CheaperModel,
  type RepeatedPrompt,
} from './what-if/advice.js';
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
