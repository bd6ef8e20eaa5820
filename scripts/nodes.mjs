/** Other versions of Node, which are installed as packages below `.work/nodes`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './run.mjs';
import { root } from './workspace.mjs';

/** The path and version of a Node of this major version, or the reason why there is none. */
export async function nodeOf(major) {
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
