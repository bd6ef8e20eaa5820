export type { DatabaseOptions } from './connection/connection-options.js';
export { type Database, database } from './connection/database.js';
export { type Ledger, ledger } from './ledger/ledger.js';
export type { LedgerOptions } from './ledger/ledger-options.js';
export type { UsageEventsTable, WindowSpendTable } from './ledger/ledger-tables.js';
