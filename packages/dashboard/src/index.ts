export { dashboard } from './dashboard.js';
export type { DashboardOptions } from './options.js';
