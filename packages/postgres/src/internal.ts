/** Names that Tollgate's packages share. They may change in any release. */
export { readAudit, writeAudit } from './keys/audit.js';
export { declaredPlans, declarePlans } from './keys/declared-plans.js';
export { lastSeenWithinS } from './ledger/callers.js';
export { dailyDimensions, eventFigures } from './ledger/daily-usage.js';
export { EventWriter } from './ledger/event-writer.js';
export { longestWindowMs, lowestId } from './ledger/month.js';
export { spentIn } from './ledger/spend.js';
