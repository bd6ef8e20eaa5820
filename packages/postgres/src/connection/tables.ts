import type { UsageEventsTable, WindowSpendTable } from '../ledger/ledger-tables.js';

/** The tables by name, as queries see them. */
export interface Tables {
  usage_events: UsageEventsTable;
  window_spend: WindowSpendTable;
}
