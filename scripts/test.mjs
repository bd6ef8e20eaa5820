/** `npm test`: sets up, then runs every test; `--long` runs the random ones in full. Other arguments are Jest's. */
import { join } from 'node:path';
import { foreground } from './run.mjs';
import { setUp } from './set-up.mjs';
import { root } from './workspace.mjs';

const args = process.argv.slice(2);
const env = args.includes('--long') ? { ...process.env, TOLLGATE_LONG: '1' } : process.env;
await setUp();
const jest = [join(root, 'scripts/jest.mjs'), ...args.filter((arg) => arg !== '--long')];
process.exitCode = await foreground(process.execPath, jest, { env });
