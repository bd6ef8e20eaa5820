export type { CommandLine } from './command/command-line.js';
export { run } from './run.js';
