/** `npm run test:nodes`: runs the tests with other versions of Node, which are installed as packages; reports which ran and how they ended. */
import { join } from 'node:path';
import { nodeOf } from './nodes.mjs';
import { foreground } from './run.mjs';
import { setUp } from './set-up.mjs';
import { root } from './workspace.mjs';

const args = process.argv.slice(2);
const isMajor = (arg) => /^\d+$/.test(arg);
const majors = args.some(isMajor) ? args.filter(isMajor) : ['22', '24', '26'];
const jestArgs = args.filter((arg) => !isMajor(arg));

await setUp();
const results = [];
for (const major of majors) {
  const { binary, version, reason } = await nodeOf(major);
  if (!binary) {
    results.push({ good: false, line: `Node ${major} ${reason}` });
    continue;
  }
  console.log(`\nNode ${version}`);
  const code = await foreground(binary, [join(root, 'scripts/jest.mjs'), ...jestArgs]);
  results.push({
    good: code === 0,
    line: `Node ${version}: ${code === 0 ? 'passed' : `failed with exit code ${code}`}`,
  });
}
console.log(`\n${results.map(({ good, line }) => `${good ? '✓' : '✗'} ${line}`).join('\n')}`);
process.exitCode = results.every(({ good }) => good) ? 0 : 1;
