/** Installs an example that is no part of the workspace: a copy below `.work/`, with the packed packages, built by its own script. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pack } from './pack.mjs';
import { capture, step } from './run.mjs';
import { digest, isStamped, writeStamp } from './stamp.mjs';
import { root } from './workspace.mjs';

/** Returns the folder of the copy. Does nothing when neither the example nor a package has changed. */
export async function installApart(from) {
  const folder = join(root, '.work/apart', basename(from));
  const stamp = join(folder, '.installed');
  const wanted = digest({ files: [], folders: [from, join(root, 'packages/tollgate/dist')], words: [] });
  if (isStamped(stamp, wanted)) return folder;
  mkdirSync(folder, { recursive: true });
  cpSync(from, folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  const packed = await pack(join(folder, '.packs'));
  const ours = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
  for (const name of Object.keys(manifest.dependencies))
    if (ours[name]) manifest.dependencies[name] = ours[name];
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, overrides: ours }, undefined, 2));
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const run = (...args) =>
    capture(npm, args, { cwd: folder, env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' } });
  await step(`${basename(from)} installed`, () => run('install', '--no-audit', '--no-fund'));
  await step(`${basename(from)} built`, () => run('run', 'build'));
  writeStamp(stamp, wanted);
  return folder;
}
