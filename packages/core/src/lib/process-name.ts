import { hostname } from 'node:os';

/** Names this process for operators, as host and process id, e.g. `web-1:4711`. */
export const processName = `${hostname()}:${process.pid}`;
