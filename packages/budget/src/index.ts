export { type BudgetMiddleware, budget } from './middleware.js';
export type { BudgetOptions } from './options.js';
export type { RunningRequest } from './running-request.js';
export type { OnThreshold, ThresholdEvent } from './threshold.js';
