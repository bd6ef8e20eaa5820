/** `npm start`: sets up, then runs the example proxy in the foreground. */
import { join } from 'node:path';
import { foreground } from './run.mjs';
import { setUp } from './set-up.mjs';
import { root } from './workspace.mjs';

await setUp();
const server = join(root, 'examples/proxy/dist/server.js');
process.exitCode = await foreground(process.execPath, [server, ...process.argv.slice(2)]);
