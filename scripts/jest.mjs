/** Runs Jest with native ES modules; arguments are Jest's own, e.g. `node scripts/jest.mjs packages/auth`. */
import { join } from 'node:path';
import { memoryFolder } from './memory-folder.mjs';
import { foreground } from './run.mjs';
import { root } from './workspace.mjs';

const flags = [
  ...['--experimental-vm-modules', '--no-warnings=ExperimentalWarning'],
  // Test files are short, and more processes run than there are cores: more room for young objects, less optimising and no threads for
  // garbage collection save a fifth of the processor time.
  ...['--max-semi-space-size=64', '--no-wasm-dynamic-tiering', '--no-wasm-tier-up', '--single-threaded'],
  // Later versions do not have it.
  ...(process.versions.node.startsWith('20.') ? ['--interrupt-budget=400000'] : []),
];
const jest = join(root, 'node_modules/jest/bin/jest.js');
const folder = memoryFolder();
// Tests read messages as they are without the address of a site, which a release or a developer may have set.
const env = { ...process.env, TOLLGATE_DOCS_URL: '', ...(folder && { TMPDIR: folder }) };
process.exitCode = await foreground(process.execPath, [...flags, jest, ...process.argv.slice(2)], { env });
