/** Names that Tollgate's packages share. They may change in any release. */
export type { CommandOptions } from './connection/connection.js';
export { acceptsSlices } from './connection/options.js';
