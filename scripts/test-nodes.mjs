/** `npm run test:nodes`: runs the tests with other versions of Node, which are installed as packages; reports which ran and how they ended. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, foreground } from './run.mjs';
import { setUp } from './set-up.mjs';
import { root } from './workspace.mjs';

const args = process.argv.slice(2);
const isMajor = (arg) => /^\d+$/.test(arg);
const majors = args.some(isMajor) ? args.filter(isMajor) : ['22', '24'];
const jestArgs = args.filter((arg) => !isMajor(arg));

/** The path of a Node of this major version, or the reason why there is none. */
async function nodeOf(major) {
  const folder = join(root, '.work/nodes', major);
  const binary = join(folder, 'node_modules/node/bin/node');
  const present = await capture(binary, ['--version']);
  if (present.code === 0) return { binary, version: present.log.trim() };
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, allowScripts: { node: true } }),
  );
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const installed = await capture(npm, ['install', '--no-save', '--no-audit', '--no-fund', `node@${major}`], {
    cwd: folder,
  });
  const { code, log } = await capture(binary, ['--version']);
  return code === 0
    ? { binary, version: log.trim() }
    : { reason: `could not be installed:\n${installed.log}${log}` };
}

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
