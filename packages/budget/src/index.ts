export { type BudgetMiddleware, budget } from './middleware.js';
export type { BudgetOptions } from './options.js';
export type { OnThreshold, ThresholdEvent } from './threshold.js';
