/** `npm run check`: everything that must hold before a change is merged; runs all steps, then lists the failed ones. */
import { join } from 'node:path';
import { foreground } from './run.mjs';
import { setUp } from './set-up.mjs';
import { root } from './workspace.mjs';

const bin = (name) => join(root, 'node_modules/.bin', name);
const script = (name) => [process.execPath, join(root, 'scripts', name)];

await setUp();
const steps = [
  ['types', bin('tsc'), '-p', 'tsconfig.json'],
  ['types of the page', bin('tsc'), '-p', 'packages/dashboard/page/tsconfig.json'],
  ['lint and format', bin('biome'), 'check', '--error-on-warnings', '.'],
  ['unused files, exports and dependencies', bin('knip'), '--no-config-hints'],
  ['prose', ...script('prose.mjs')],
  ['tests', ...script('jest.mjs')],
  ['packaging', ...script('packaging.mjs')],
  ['site', ...script('docs.mjs')],
];
const failed = [];
for (const [title, command, ...args] of steps) {
  console.log(`\n${title}`);
  if ((await foreground(command, args)) !== 0) failed.push(title);
}
console.log(failed.length === 0 ? '\nAll checks passed.' : `\nFailed: ${failed.join(', ')}.`);
process.exitCode = failed.length === 0 ? 0 : 1;
