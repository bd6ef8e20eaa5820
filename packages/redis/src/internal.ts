/** Names that Tollgate's packages share. They may change in any release. */
export type { CommandOptions } from './connection.js';
export { acceptsSlices } from './options.js';
