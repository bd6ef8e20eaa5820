export { type CommandLine, run } from './run.js';
