export type { CommandLine } from './command/command-line.js';
export { main } from './main.js';
export { run } from './run.js';
